"""Documents: such as can be served, such as are wrong in one place, any data and any text."""

import json
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Literal

import yaml
from hypothesis import strategies as st

from tests.support import EXAMPLE

LINES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["C"], include_characters="\n\t"), max_size=20)
OCTETS = st.binary(max_size=20).map(lambda octets: {"base64": b64encode(octets).decode()})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(LINES, inner, max_size=2),
)
LABELS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,5}[A-Za-z0-9])?", fullmatch=True)
HOSTNAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
KEY_NAMES = st.text("abcdefg/ \u00a0", min_size=1, max_size=20).filter(str.strip)
TAG_KEYS = st.from_regex(r"[0-9A-Za-z+\-.,_:@]{1,20}", fullmatch=True).filter(
    lambda key: key not in {".", ".."}
)
MACS = st.binary(min_size=5, max_size=5).map(lambda octets: f"02:{octets.hex(':')}")
IPV4 = st.ip_addresses(v=4).map(str)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Records with some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


def static(version: Literal[4, 6], longest: int) -> st.SearchStrategy[dict[str, Any]]:
    """Static addresses of a family."""
    hosts = st.ip_addresses(v=version).filter(lambda ip: not ip.is_multicast and not ip.is_unspecified)
    address = hosts.map(str)
    route = st.fixed_dictionaries({"to": address.map(lambda to: f"{to}/{longest}"), "via": address})
    made = st.fixed_dictionaries(
        {"address": st.builds("{}/{}".format, address, st.integers(0, longest))},
        optional={
            "gateway": address,
            "routes": st.lists(route, max_size=2),
            "dns": st.lists(st.ip_addresses().map(str), max_size=2),
        },
    )
    return made.filter(lambda address: address.get("gateway") != without_prefix(address))


def without_prefix(made: dict[str, Any]) -> str:
    """What no two addresses of an interface have in common."""
    address = made.get("address")
    return address.partition("/")[0] if address else str(made)


DYNAMIC: list[dict[str, Any]] = [{"dhcp": 4}, {"dhcp": 6}, {"slaac": True}]
ADDRESSES = st.sampled_from(DYNAMIC) | static(4, 32) | static(6, 128)
INTERFACES = st.lists(
    st.fixed_dictionaries(
        {"mac": MACS},
        optional={
            "mtu": st.integers(68, 65535),
            "public_ipv4": IPV4,
            "addresses": st.lists(ADDRESSES, max_size=3, unique_by=without_prefix),
        },
    ),
    max_size=3,
    unique_by=lambda interface: interface["mac"],
)
BUSES = st.sampled_from(["pci", "usb", "scsi", "ide", "xen", "none"])
DEVICES = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("nic"), "mac": MACS, "bus": BUSES, "address": LINES},
        optional={
            "tags": st.lists(LINES, max_size=2),
            "vlan": st.integers(1, 4094),
            "vf_trusted": st.booleans(),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("disk"), "bus": BUSES, "address": LINES}, optional={"serial": LINES}
    ),
    st.fixed_dictionaries({"type": st.just("disk"), "bus": st.just("none")}),
    st.fixed_dictionaries({"type": st.just("share"), "share_id": LINES, "tag": LINES}),
)
EC2 = optional(
    instance_id=st.just("i-1"),
    ami_id=LINES,
    instance_type=LINES,
    security_groups=st.lists(LINES, max_size=2),
    kernel_id=LINES,
    block_device_mapping=st.dictionaries(TAG_KEYS, LINES, max_size=2),
    local_ipv4=IPV4,
    public_ipv4=IPV4,
    tags=st.dictionaries(TAG_KEYS, LINES | st.just(""), max_size=2),
)
EVE = optional(
    device_uuid=st.uuids().map(str),
    device_name=LINES,
    project_uuid=st.uuids().map(str),
    project_name=LINES,
    enterprise_id=LINES,
    enterprise_name=LINES,
)
DOCUMENTS = st.fixed_dictionaries(
    {"uuid": st.uuids().map(str)},
    optional={
        "name": LINES,
        "hostname": HOSTNAMES,
        "project_id": LINES,
        "availability_zone": LINES,
        "meta": st.dictionaries(LINES, TEXTS, max_size=2),
        "public_keys": st.dictionaries(KEY_NAMES, st.just("ssh-rsa A"), max_size=1),
        "user_data": TEXTS | OCTETS,
        "vendor_data": st.dictionaries(LINES, JSON, max_size=2),
        "vendor_data2": st.dictionaries(LINES, JSON, max_size=2),
        "files": st.lists(st.just({"path": "/a", "content": ""}), max_size=3),
        "devices": st.lists(DEVICES, max_size=2),
        "dedicated_cpus": st.lists(st.integers(0, 99), max_size=3),
        "interfaces": INTERFACES,
        "ec2": EC2,
        "eve": EVE,
    },
)


TEXT_THAT_IS_ODD = [
    *("", " ", "\0", "\n", "\r\n", "\x7f", "\x85", "\u2028", "\ud800", "\udfff", "\ufeff", "\U0010ffff"),
    *("..", "/", "%00", "{}", "[", "<<", "*a", "0x1f", "=", "a" * 300, "1" * 5000, "é" * 70_000),
]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
ODD = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 2**31, 2**64, 16**3000, -(16**3000), 1.0, 1e308]),
    st.sampled_from([float("nan"), float("inf"), float("-inf")]),
    st.sampled_from(TEXT_THAT_IS_ODD),
    st.sampled_from([[], {}, [[]], [{}], {"": ""}, {"file": "/etc/passwd"}, {"base64": ""}, {"dhcp": 4}]),
    st.integers(1, 100).map(lambda depth: json.loads("[" * depth + "]" * depth)),
    PLAIN,
)
"""What stands where something else should."""

ODD_KEYS = st.sampled_from([*TEXT_THAT_IS_ODD, "uuid", "name", "type", "file", "slaac", "hostnam"])

MARKS = [
    *("&a ", "*a", "<<: *a\n", "<<: [*a, *a]\n", "? ", "- ", ": ", "| ", "> ", "\t", "\n", "\r", "#", ","),
    *(
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "%TAG ! x\n",
        "\0",
        "\ufeff",
        "\x85",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        "@",
        "`",
    ),
    *(
        f"{tag} {value}"
        for value in ("''", "x", "[]", "{}", "{!!value x: ''}", "2020-99-99", "0x", "1:99")
        for tag in (
            "!",
            "!x",
            "!<x>",
            "!!str",
            "!!int",
            "!!float",
            "!!bool",
            "!!null",
            "!!timestamp",
            "!!binary",
            "!!set",
            "!!omap",
            "!!pairs",
            "!!seq",
            "!!map",
            "!!merge",
            "!!value",
            "!!python/object/apply:os.system",
        )
    ),
]
"""What means something in YAML or JSON."""


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Where something stands in plain data: what holds it, and its key there."""
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from places(data[key])


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A document that could be served until one thing in it was changed."""
    document = deepcopy(draw(DOCUMENTS | st.just(EXAMPLE)))
    holder, key = draw(st.sampled_from(list(places(document))))
    match draw(st.sampled_from(["replace", "drop", "add", "wrap", "repeat"])):
        case "replace":
            holder[key] = draw(ODD)
        case "drop":
            del holder[key]
        case "wrap":
            holder[key] = [holder[key]]
        case "add" if isinstance(holder, dict):
            holder[draw(ODD_KEYS)] = draw(ODD)
        case _:
            holder[key] = [holder[key], holder[key]]
    return document


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A document in YAML or JSON with a few marks put into it, in some encoding."""
    document = draw(DOCUMENTS | PLAIN)
    text = json.dumps(document) if draw(st.booleans()) else yaml.safe_dump(document)
    for mark in draw(st.lists(st.sampled_from(MARKS), max_size=3)):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + mark + text[place + draw(st.integers(0, 2)) :]
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-32-be", "latin-1"]))
    return str(text).encode(encoding, "backslashreplace")


DATA: st.SearchStrategy[object] = mutated() | DOCUMENTS | ODD
TEXTS_OF_ANY: st.SearchStrategy[bytes] = (
    texts() | st.binary(max_size=200) | st.text("{}[]:,&*!- \n\"'ab1.<").map(str.encode)
)
