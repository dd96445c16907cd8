"""Plain data -> values like `VM`, with every problem at the path of its field.

cattrs walks the classes of `vm`; what stands here is how each kind of value is read, strictly.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import partial
from ipaddress import IPv4Address
from typing import Any, NewType, TypeVar, get_args, get_origin
from uuid import UUID

from attrs import frozen, has
from cattrs import Converter
from cattrs.errors import (
    BaseValidationError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn

from eve_meta import vm
from eve_meta.document import addresses, scalars
from eve_meta.document.problems import Problem, problems_of
from eve_meta.document.verbatim import PARTIAL

T = TypeVar("T")
Reader = Callable[[Any], Any]

_Base64 = NewType("_Base64", bytes)
_Enabled = NewType("_Enabled", bool)
_Unread = NewType("_Unread", str)


@frozen
class _Octets:
    """Bytes that are no text."""

    base64: _Base64 | None = None
    file: _Unread | None = None


@frozen
class _File:
    """An entry of `files`."""

    path: vm.DevicePath
    content: bytes | None = None
    base64: _Base64 | None = None
    file: _Unread | None = None


@frozen
class _Slaac:
    """The address of a NIC that makes its own."""

    slaac: _Enabled


_ADDRESSES = {"dhcp": vm.DhcpAddress, "slaac": _Slaac, "address": vm.StaticAddress}
_DEVICES = {"nic": vm.NicDevice, "disk": vm.DiskDevice, "share": vm.ShareDevice}


@frozen
class StructureError(Exception):
    """Data that do not make what was wanted."""

    problems: tuple[Problem, ...]


def structure(data: object, kind: type[T]) -> T:
    """The value of a class that plain data describe.

    Raises:
        StructureError: they describe none.
    """
    try:
        return _CONVERTER.structure(data, kind)
    except (BaseValidationError, ValueError) as error:
        raise StructureError(tuple(problems_of(error))) from error


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _is_tuple_of(item: type, kind: Any) -> bool:
    return _is_tuple(kind) and get_args(kind)[0] is item


def _class_reader(converter: Converter, kind: type) -> Callable[[object, Any], Any]:
    read: Any = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=kind not in PARTIAL)
    return lambda value, wanted: read(scalars.mapping(value), wanted)


def _read_scalar(reader: Reader, value: object, _kind: Any) -> Any:
    return reader(value)


def _read_list(converter: Converter, value: object, kind: Any) -> tuple[Any, ...]:
    item = get_args(kind)[0]
    return _gather(partial(converter.structure, cl=item), enumerate(scalars.sequence(value)))


def _read_named(item: type, key: Reader, value: Reader, data: object, _kind: Any) -> tuple[Any, ...]:
    """A tuple of items with a name, of a mapping."""
    return _gather(lambda pair: item(key(pair[0]), value(pair[1])), _by_name(scalars.mapping(data)))


def _by_name(named: dict[str, object]) -> Iterator[tuple[str, tuple[str, object]]]:
    return ((name, (name, value)) for name, value in named.items())


def _gather(read: Reader, values: Iterable[tuple[int | str, object]]) -> tuple[Any, ...]:
    """All values read, or the first error, with a note of where it stands: others come later."""
    return tuple(_noted(read, place, value) for place, value in values)


def _noted(read: Reader, place: int | str, value: object) -> Any:
    try:
        return read(value)
    except (BaseValidationError, ValueError) as error:
        error.add_note(IterableValidationNote("", place, object))
        raise IterableValidationError("", [error], tuple) from error


def _read_choice(value: object, kind: type[Enum]) -> Enum:
    choices = [choice.value for choice in kind]
    if value not in choices:
        raise scalars.expected(" or ".join(map(repr, choices)), value)
    return kind(value)


def _read_octets(converter: Converter, value: object, _kind: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, dict):
        raise scalars.expected("text or {base64: …}", value)
    octets = converter.structure(value, _Octets)
    return _one_of("'base64'", octets.base64)


def _read_file(converter: Converter, value: object, _kind: Any) -> vm.File:
    file = converter.structure(value, _File)
    return vm.File(file.path, _one_of("one of 'content' and 'base64'", file.content, file.base64))


def _one_of(what: str, *values: bytes | None) -> bytes:
    given = [value for value in values if value is not None]
    if len(given) != 1:
        raise ValueError(f"expected {what}, got {len(given)} of them")
    return given[0]


def _read_address(converter: Converter, value: object, _kind: Any) -> vm.Address:
    forms = [form for name, form in _ADDRESSES.items() if name in scalars.mapping(value)]
    if len(forms) != 1:
        raise ValueError("expected one of 'dhcp: 4', 'dhcp: 6', 'slaac: true' and 'address: 10.0.0.5/24'")
    address: vm.Address | _Slaac = converter.structure(value, forms[0])
    return vm.SlaacAddress() if isinstance(address, _Slaac) else address


def _read_device(converter: Converter, value: object, _kind: Any) -> vm.Device:
    device = dict(scalars.mapping(value))
    kind = device.pop("type", None)
    if not isinstance(kind, str) or kind not in _DEVICES:
        raise ValueError(f"expected a 'type' of 'nic', 'disk' or 'share', got {scalars.shown(kind)}")
    return converter.structure(device, _DEVICES[kind])


def _unread(_value: object) -> str:
    raise ValueError("files are read by the command line tool only: give {base64: …} here")


def _enabled(value: object) -> bool:
    if not scalars.boolean(value):
        raise ValueError("expected true: leave it out otherwise")
    return True


_READERS: dict[Any, Reader] = {
    UUID: scalars.uuid,
    IPv4Address: addresses.ipv4,
    vm.IPAddress: addresses.ip,
    vm.IPAddress | None: lambda value: None if value is None else addresses.ip(value),
    vm.IPInterface: addresses.interface,
    vm.IPNetwork: addresses.network,
    bool: scalars.boolean,
    vm.Family: addresses.family,
    vm.Line: scalars.line,
    vm.Hostname: scalars.hostname,
    vm.MacAddress: addresses.mac_address,
    vm.InstanceId: scalars.instance_id,
    vm.DevicePath: scalars.device_path,
    vm.JsonObject: scalars.json_object,
    vm.Mtu: partial(scalars.whole_number, low=68, high=65535),
    vm.Count: partial(scalars.whole_number, low=0, high=65535),
    vm.VlanId: partial(scalars.whole_number, low=1, high=4094),
    vm.HopLimit: partial(scalars.whole_number, low=1, high=64),
    _Base64: scalars.base64,
    _Enabled: _enabled,
    _Unread: _unread,
}

_NAMED: dict[type, tuple[Reader, Reader]] = {
    vm.MetaItem: (scalars.line, scalars.prose),
    vm.PublicKey: (scalars.key_name, scalars.key_text),
    vm.VendorSource: (scalars.line, scalars.json_text),
    vm.Tag: (scalars.tag_key, scalars.tag_value),
    vm.BlockDevice: (scalars.tag_key, scalars.line),
}
"""Mappings in the document, tuples in the VM: how keys and values are read."""


def _converter() -> Converter:
    converter = Converter()
    converter.register_structure_hook_factory(has, partial(_class_reader, converter))
    converter.register_structure_hook_func(_is_tuple, partial(_read_list, converter))
    for item, readers in _NAMED.items():
        converter.register_structure_hook_func(
            partial(_is_tuple_of, item), partial(_read_named, item, *readers)
        )
    for kind, reader in _READERS.items():
        converter.register_structure_hook(kind, partial(_read_scalar, reader))
    converter.register_structure_hook(Enum, _read_choice)
    converter.register_structure_hook(bytes, partial(_read_octets, converter))
    converter.register_structure_hook(vm.File, partial(_read_file, converter))
    converter.register_structure_hook(vm.Address, partial(_read_address, converter))
    converter.register_structure_hook(vm.Device, partial(_read_device, converter))
    return converter


_CONVERTER = _converter()
