"""What is read of a document."""

import contextlib
import json
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from uuid import UUID

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.canonical import canonical
from eve_meta.document import inline, parse
from eve_meta.document.notation import load
from eve_meta.errors import DocumentError
from eve_meta.vm import VM, Endpoint, Family, SlaacAddress, StaticAddress, Tokens
from tests.unit.documents import NIC, read

EXAMPLE = Path(__file__).parents[2] / "docs" / "example.yaml"


def test_uuid_alone() -> None:
    """A UUID is enough."""
    assert VM(uuid=UUID("12345678-1234-1234-1234-123456789abc")) == read("")


def test_example() -> None:
    """The example of the documentation is taken, and says something in every field."""
    vm = parse(load(EXAMPLE.read_bytes()))
    bare = VM(uuid=vm.uuid)

    same = {field.name for field in fields(VM) if getattr(vm, field.name) == getattr(bare, field.name)}
    assert {"uuid", "launch_index", "service", "network_data"} == same


def test_canonical() -> None:
    """What is stored of a document means the same."""
    data = load(EXAMPLE.read_bytes())

    assert parse(data) == parse(json.loads(canonical(data)))


def test_canonical_keeps_text() -> None:
    """What is stored is UTF-8, in the order of the document."""
    assert '{"b": "é", "a": 1}'.encode() == canonical({"b": "é", "a": 1})


def test_json() -> None:
    """JSON is taken, with its tabs and surrogate pairs."""
    vm = parse(load(b'{\t"uuid": "12345678-1234-1234-1234-123456789ABC", "name": "\\ud83d\\ude00"}'))

    assert "\U0001f600" == vm.name


def test_flow_mapping() -> None:
    """YAML that begins like JSON is YAML."""
    assert "x" == parse(load(b"{uuid: 12345678-1234-1234-1234-123456789abc, name: x}")).name


def test_merge() -> None:
    """A mapping may take over from others what it does not say itself; of several, the first goes first."""
    known = "vendor_data: {a: &a {x: 1, y: 1}, b: &b {y: 2, z: 2}"
    merged = read(known + ", c: {<<: [*a, *b], z: 3}, d: {y: 4, <<: *a}}").vendor_data
    assert merged

    assert {"x": 1, "y": 1, "z": 3} == json.loads(merged)["c"]
    assert {"x": 1, "y": 4} == json.loads(merged)["d"]


@pytest.mark.parametrize("text", ["2020-10-10", "on", "No", "12:34:56", "12e5", "007", "1_000", "0o17"])
def test_plain_text(text: str) -> None:
    """What other YAML readers take for something else is text."""
    assert text == read(f"name: {text}").name


@pytest.mark.parametrize("mac", ["52:54:00:12:34:56", "52-54-00-12-34-56"])
def test_mac(mac: str) -> None:
    """A MAC address may have colons or dashes, and need no quotes."""
    assert "52:54:00:12:34:56" == read(f"interfaces: [{{mac: {mac}}}]").interfaces[0].mac


def test_mac_case() -> None:
    """A MAC address is kept in lower case."""
    assert "fa:16:3e:00:00:01" == read("interfaces: [{mac: FA-16-3E-00-00-01}]").interfaces[0].mac


def test_addresses() -> None:
    """Each form of an address is read as what it is."""
    routes = "[{to: 10.1.0.0/16, via: 10.0.0.1}]"
    nic = f"addresses: [{{dhcp: 6}}, {{slaac: true}}, {{address: 10.0.0.5/24, routes: {routes}}}]"
    dhcp, slaac, static = read(f"interfaces: [{{{NIC}, {nic}}}]").interfaces[0].addresses

    assert Family.IPV6 == getattr(dhcp, "dhcp", None)
    assert SlaacAddress() == slaac
    assert isinstance(static, StaticAddress)
    assert ip_interface("10.0.0.5/24") == static.address
    assert (ip_network("10.1.0.0/16"), ip_address("10.0.0.1")) == (static.routes[0].to, static.routes[0].via)


def test_same_forms() -> None:
    """Two interfaces may have the same addresses, each on a network of its own."""
    addresses = "addresses: [{dhcp: 4}, {address: 'fe80::5/64'}]"
    nics = read(f"interfaces: [{{{NIC}, {addresses}}}, {{mac: fa:16:3e:00:00:02, {addresses}}}]").interfaces

    assert nics[0].addresses == nics[1].addresses


def test_user_data_text() -> None:
    """User data as text become UTF-8."""
    assert "é\n".encode() == read("user_data: |\n  é\n").user_data


def test_user_data_base64() -> None:
    """User data in base64 may stand on several lines."""
    assert b"\x1f\x8b\0\0" == read("user_data:\n  base64: |\n    H4s\n    AAA==\n").user_data


def test_empty_user_data() -> None:
    """Empty user data differ from none."""
    assert b"" == read("user_data: ''").user_data


def test_null_is_absent() -> None:
    """A field with nothing behind it is as if it was left out."""
    assert read("") == read("hostname:\nuser_data: ~\n")


def test_key_text() -> None:
    """Blanks around a key's text are no part of it."""
    assert "ssh-rsa A" == read("public_keys: {a: ' ssh-rsa A\n\n '}").public_keys[0].text


def test_certificate() -> None:
    """A certificate has many lines."""
    text = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    assert text == read(f"public_keys: {{a: {json.dumps(text)}}}").public_keys[0].text


def test_many_keys() -> None:
    """There may be more keys than all clients read."""
    assert 11 == len(
        read("public_keys: " + json.dumps({f"k{n}": "ssh-rsa A" for n in range(11)})).public_keys
    )


def test_tokens() -> None:
    """Tokens may be required."""
    assert Tokens.REQUIRED == read("service: {tokens: required}").service.tokens


def test_endpoint() -> None:
    """A VM may be told nothing at all."""
    assert Endpoint.DISABLED == read("service: {endpoint: disabled}").service.endpoint


def test_verbatim_network_data() -> None:
    """network_data is kept as written, fields unknown to us too."""
    link = '{"id": "a", "type": "phy", "ethernet_mac_address": "FA:16:3e:00:00:01", "x": 1}'
    network = (
        '{"id": "n", "type": "ipv6", "link": "a", "ip_address": "2001:db8::5", "netmask": "ffff:ffff::"}'
    )

    assert f'{{"links": [{link}], "networks": [{network}]}}' == (
        read(f"network_data: {{links: [{link}], networks: [{network}]}}").network_data
    )


def test_verbatim_bond_and_vlan() -> None:
    """network_data may have what interfaces cannot say."""
    links = [
        {"id": "a", "type": "phy", "ethernet_mac_address": "fa:16:3e:00:00:01"},
        {"id": "b", "type": "bond", "bond_links": ["a"], "bond_mode": "802.3ad"},
        {"id": "c", "type": "vlan", "vlan_link": "b", "vlan_id": 5, "vlan_mac_address": "fa:16:3e:00:00:01"},
    ]
    networks = [
        {"id": "n", "type": "ipv4", "link": "c", "ip_address": "10.0.0.5/24"},
        {"id": "m", "type": "static", "link": "c", "ip_address": "10.0.0.5", "netmask": "255.255.255.0"},
        {"id": "o", "type": "ipv4_dhcp", "link": "b"},
    ]

    assert read(f"network_data: {json.dumps({'links': links, 'networks': networks})}").network_data


def test_inline() -> None:
    """Files named in the document are read."""
    data = inline(
        load(b"user_data: {file: a}\nfiles: [{path: /b, file: b}, {path: /c, content: c}]\nname: x"),
        str.encode,
    )

    assert {
        "user_data": {"base64": "YQ=="},
        "files": [{"path": "/b", "base64": "Yg=="}, {"path": "/c", "content": "c"}],
        "name": "x",
    } == data


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"user_data": "x"},
        {"user_data": {"file": 5}},
        {"user_data": {"file": "a", "base64": ""}},
        {"files": {}},
        {"files": [5]},
    ],
)
def test_inline_leaves(data: object) -> None:
    """What names no file is left for `parse` to judge."""
    assert data == inline(data, str.encode)


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text()
            | st.sampled_from(
                [
                    "uuid",
                    "name",
                    "interfaces",
                    "mac",
                    "addresses",
                    "address",
                    "user_data",
                    "ec2",
                    "tags",
                    "network_data",
                    "links",
                    "file",
                    "base64",
                    "devices",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(DATA)
def test_any_data(data: object) -> None:
    """Whatever data come, they are refused by name or taken."""
    with contextlib.suppress(DocumentError):
        parse(data)


@given(st.binary() | st.text().map(str.encode) | st.text("{}[]:,&*!- \n\"'ab1.").map(str.encode))
def test_any_text(text: bytes) -> None:
    """Whatever text comes, it is refused or stands for plain data."""
    try:
        data = load(text)
    except DocumentError:
        return

    assert data == json.loads(canonical(data))
