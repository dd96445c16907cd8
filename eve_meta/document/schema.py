"""What a document may be, as JSON Schema: read off the classes that it is read into.

A document that is refused by the schema is refused by `parse`, too. The other way round is not so: what must
hold between fields, and what an address is, the schema cannot say.
Source: https://json-schema.org/draft/2020-12, as OpenAPI 3.1 has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import reduce
from ipaddress import IPv4Address
from operator import or_
from types import NoneType
from typing import Any, get_args, get_origin
from uuid import UUID

from attrs import NOTHING, Attribute, fields, has

from eve_meta import vm
from eve_meta.document.verbatim import PARTIAL, NetworkData

Schema = dict[str, Any]


def _text(title: str, description: str, **rest: Any) -> Schema:
    """Text of a kind that has a name, which pages and clients can show."""
    return {"type": "string", "title": title, "description": description} | rest


_LINE = _text(
    "line",
    "Text on one line, not empty, without control characters.",
    pattern=r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$",
)
_TEXT = _text(
    "text",
    "Text that may have line breaks and tabs, but no other control characters.",
    pattern=r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$",
)
_PATH = _text(
    "path",
    "An absolute path, of Unix or Windows.",
    pattern=r"^(/|[A-Za-z]:[\\/])[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$",
)
_BASE64 = _text("base64", "Bytes in base64, on any number of lines.", pattern=r"^[A-Za-z0-9+/=\s]*$")
_TAG_KEY = _text(
    "key",
    "1 to 255 letters, digits and `+-.,_:@`, since it is part of a path.",
    pattern=r"^[0-9A-Za-z+\-.,_:@]{1,255}$",
) | {"not": {"enum": [".", ".."]}}
_KEY_NAME = _text("key name", "A line without `=`.", pattern=r"^[^=\u0000-\u001f\u007f-\u009f\u2028\u2029]+$")
_IPV4 = _text("IPv4 address", "Like `10.0.0.5`.", format="ipv4")
_IPV6 = {"type": "string", "format": "ipv6"}
_IP = {
    "title": "IP address",
    "description": "Of either family, without a zone.",
    "anyOf": [_IPV4, _IPV6],
}
_PREFIXED = _text(
    "address with prefix",
    "Of either family, without a zone: like `10.0.0.5/24`, `2001:db8::5/64`.",
    pattern=r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)/[0-9]+$",
)
_ANYTHING: Schema = {}
_NULL = {"type": "null"}
_FILE_NAME = _NULL | {
    "title": "file name",
    "description": "Of a file that the command line puts in; the agent knows none.",
}


def _whole_number(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _one_of(*names: str) -> Schema:
    return {"oneOf": [reference(name) for name in names]}


def reference(name: str) -> Schema:
    """What stands for a schema by its name in an OpenAPI description."""
    return {"$ref": f"#/components/schemas/{name}"}


def _given(*names: str) -> Schema:
    """A mapping with something behind one of some names, and nothing behind the others."""
    there = [{"required": [name], "properties": {name: {"not": _NULL}}} for name in names]
    return {"oneOf": there}


_OCTETS = {
    "title": "content",
    "description": "Text, or bytes as `{base64: …}`, or what is in a file, as `{file: …}`.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"base64": _BASE64, "file": _FILE_NAME},
            "required": ["base64"],
            "additionalProperties": False,
        },
    ],
}
_FILE = {
    "type": "object",
    "properties": {
        "path": reference("Path"),
        "content": {"anyOf": [_OCTETS, _NULL]},
        "base64": {"anyOf": [_BASE64, _NULL]},
        "file": _FILE_NAME,
    },
    "required": ["path"],
    "additionalProperties": False,
    **_given("content", "base64"),
}
_SLAAC = {
    "type": "object",
    "properties": {"slaac": {"const": True}},
    "required": ["slaac"],
    "additionalProperties": False,
}

_KINDS: Mapping[Any, Schema] = {
    UUID: _text(
        "UUID",
        "Like `6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11`.",
        format="uuid",
        pattern="^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    ),
    IPv4Address: _IPV4,
    vm.IPAddress: _IP,
    vm.IPInterface: _PREFIXED,
    vm.IPNetwork: _PREFIXED,
    bool: {"type": "boolean"},
    bytes: _OCTETS,
    vm.Family: {"enum": [4, 6]},
    vm.Line: _LINE,
    vm.Hostname: _text(
        "host name",
        "Labels of letters, digits and inner hyphens, joined by dots: RFC 1123, section 2.1.",
        maxLength=253,
        pattern=(
            r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"
        ),
    ),
    vm.MacAddress: _text(
        "MAC address",
        "Of one machine, with colons or dashes, like `fa:16:3e:00:00:01`.",
        pattern="^[0-9A-Fa-f][02468ACEace]((:[0-9A-Fa-f]{2}){5}|(-[0-9A-Fa-f]{2}){5})$",
    ),
    vm.InstanceId: _text("instance ID", "`i-` and letters, digits and hyphens.", pattern="^i-[0-9A-Za-z-]+$"),
    vm.DevicePath: reference("Path"),
    vm.JsonObject: {"type": "object"},
    vm.Mtu: _whole_number(68, 65535),
    vm.Count: _whole_number(0, 65535),
    vm.VlanId: _whole_number(1, 4094),
    vm.HopLimit: _whole_number(1, 64),
    vm.File: reference("File"),
    vm.SlaacAddress: _SLAAC,
    vm.Address: _one_of("DhcpAddress", "SlaacAddress", "StaticAddress"),
    vm.Device: _one_of("NicDevice", "DiskDevice", "ShareDevice"),
}
"""What is not a class of fields of its own."""

_NAMED: Mapping[type, tuple[Schema, Schema]] = {
    vm.MetaItem: (_LINE, _TEXT),
    vm.PublicKey: (_KEY_NAME, _TEXT),
    vm.VendorSource: (_LINE, _ANYTHING),
    vm.Tag: (_TAG_KEY, {"anyOf": [{"const": ""}, _LINE]}),
    vm.BlockDevice: (_TAG_KEY, _LINE),
}
"""Mappings in the document, tuples in the VM: what keys and values may be."""

_TYPES = {vm.NicDevice: "nic", vm.DiskDevice: "disk", vm.ShareDevice: "share"}


def document_schemas() -> dict[str, Schema]:
    """The schemas of a document and its parts, by name; the whole is `Document`."""
    classes = (vm.VM, vm.DhcpAddress, vm.StaticAddress, *_TYPES, NetworkData)
    records = {_name(kind): record(kind, _KINDS) for kind in _with_parts(classes)}
    for kind, name in _TYPES.items():
        _add_field(records[_name(kind)], "type", {"const": name})
    records[_name(vm.VM)]["properties"]["network_data"] = _or_null(reference(_name(NetworkData)))
    return records | {"File": _FILE, "SlaacAddress": _SLAAC, "Path": _PATH}


def record(kind: type, kinds: Mapping[Any, Schema]) -> Schema:
    """The schema of a class of fields, from the schemas of what these are made of."""
    return {
        "type": "object",
        "properties": {field.name: _field(field, kinds) for field in fields(kind)},
        "required": [field.name for field in fields(kind) if field.default is NOTHING],
        "additionalProperties": kind in PARTIAL,
    }


def _field(field: "Attribute[Any]", kinds: Mapping[Any, Schema]) -> Schema:
    """The schema of a field, with what holds if it is left out."""
    usual = field.default.value if isinstance(field.default, Enum) else field.default
    return _schema(field.type, kinds) | ({"default": usual} if isinstance(usual, int | str) else {})


def _schema(kind: Any, kinds: Mapping[Any, Schema]) -> Schema:
    """The schema of what a field is annotated with."""
    if kind in kinds:
        return kinds[kind]
    if get_origin(kind) is tuple:
        return _schema_of_many(get_args(kind)[0], kinds)
    if has(kind):
        return reference(_name(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [choice.value for choice in kind]}
    some = tuple(each for each in get_args(kind) if each is not NoneType)
    return _or_null(_schema(reduce(or_, some), kinds))


def _schema_of_many(item: Any, kinds: Mapping[Any, Schema]) -> Schema:
    if item in _NAMED:
        name, value = _NAMED[item]
        return {"type": "object", "propertyNames": name, "additionalProperties": value}
    return {"type": "array", "items": _schema(item, kinds)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}


def _add_field(schema: Schema, name: str, value: Schema) -> None:
    schema["properties"] = {name: value} | schema["properties"]
    schema["required"] = [name, *schema["required"]]


def _with_parts(kinds: Iterable[type]) -> Iterator[type]:
    """Classes, and those that their fields are of."""
    for kind in kinds:
        yield kind
        parts = (part for field in fields(kind) for part in (field.type, *get_args(field.type)))
        yield from _with_parts(part for part in parts if has(part) and part not in {*_KINDS, *_NAMED})


def _name(kind: type) -> str:
    if kind is vm.VM:
        return "Document"
    return f"NetworkData{kind.__name__[1:]}" if kind in PARTIAL - {NetworkData} else kind.__name__
