"""Documents: what is taken, and what is refused in which words."""

import contextlib
import json
from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from uuid import UUID

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.document import canonical, inline, load, parse
from eve_meta.errors import DocumentError
from eve_meta.vm import VM, Family, SlaacAddress, StaticAddress, Tokens

EXAMPLE = Path(__file__).parents[2] / "docs" / "example.yaml"
UUID_LINE = "uuid: 12345678-1234-1234-1234-123456789abc\n"
NIC = "mac: fa:16:3e:00:00:01"


def read(text: str) -> VM:
    return parse(load((UUID_LINE + text).encode()))


def refused(make: Callable[[], object]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        make()
    return caught.value


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


def test_tokens() -> None:
    """Tokens may be required."""
    assert Tokens.REQUIRED == read("service: {tokens: required}").service.tokens


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hostnam: x", "hostnam: unknown field; did you mean 'hostname'?"),
        ("zzz: x", "zzz: unknown field"),
        ("name: 5", "name: expected text, got the number 5: quote it"),
        ("name: 1.10", "name: expected text, got the number 1.1: quote it"),
        ("name: true", "name: expected text, got the boolean true: quote it"),
        ("name: []", "name: expected text, got a list"),
        ("name: ''", "name: is empty: leave it out"),
        ('name: "a\\nb"', "name: must be one line without control characters, but holds '\\n'"),
        ("meta: {a: 5}", "meta.a: expected text, got the number 5: quote it"),
        ('meta: {a: "\\0"}', "meta.a: must be without control characters, but holds '\\x00'"),
        ("meta: [a]", "meta: expected a mapping, got a list"),
        ("meta:", "meta: expected a mapping, got nothing"),
        ("launch_index: true", "launch_index: expected a whole number, got the boolean true"),
        ("launch_index: '1'", "launch_index: expected a whole number, got the text '1'"),
        ("launch_index: -1", "launch_index: expected a number from 0 to 65535, got -1"),
        (
            "hostname: a_b",
            (
                "hostname: 'a_b' is no label of a host name: 1 to 63 letters, digits and inner hyphens, "
                "labels joined by dots"
            ),
        ),
        (f"hostname: {'a.' * 130}a", "hostname: is longer than 253 characters"),
        (
            "public_keys: {my=key: x}",
            "public_keys.my=key: a key's name must be without '=', where clients split the index of keys",
        ),
        (
            "public_keys: {my key: x, my/key: y}",
            "public_keys.my/key: becomes 'my_key' in the EC2 index of keys, as another key does",
        ),
        ("public_keys: {a: ' '}", "public_keys.a: is empty: leave it out"),
        ("user_data: 5", "user_data: expected text or {base64: …}, got the number 5"),
        ("user_data: {}", "user_data: expected 'base64', got 0 of them"),
        ("user_data: {base64: '*'}", "user_data.base64: expected base64, got the text '*'"),
        ("user_data: {base64: é}", "user_data.base64: expected base64, got the text 'é'"),
        (
            "user_data: {file: x}",
            "user_data.file: files are read by the command line tool only: give {base64: …} here",
        ),
        ("files: [{path: a, content: x}]", "files[0].path: expected an absolute path, got the text 'a'"),
        ("files: [{path: /a}]", "files[0]: expected one of 'content' and 'base64', got 0 of them"),
        ("files: {}", "files: expected a list, got a mapping"),
        ("interfaces: [5]", "interfaces[0]: expected a mapping, got the number 5"),
        ("interfaces: [{}]", "interfaces[0].mac: is required"),
        (
            f"interfaces: [{{{NIC}}}, {{mac: x}}]",
            "interfaces[1].mac: expected a MAC address like fa:16:3e:00:00:01, got the text 'x'",
        ),
        (
            "interfaces: [{mac: 01:00:5e:00:00:01}]",
            "interfaces[0].mac: 01:00:5e:00:00:01 is a group's address, not a NIC's",
        ),
        (
            f"interfaces: [{{{NIC}}}, {{mac: FA-16-3E-00-00-01}}]",
            "interfaces[1].mac: fa:16:3e:00:00:01 is another interface's already",
        ),
        (
            f"interfaces: [{{{NIC}, name: a}}, {{mac: fa:16:3e:00:00:02, name: a}}]",
            "interfaces[1].name: 'a' is another interface's already",
        ),
        (
            f"interfaces: [{{{NIC}, mtu: 67}}]",
            "interfaces[0].mtu: expected a number from 68 to 65535, got 67",
        ),
        (
            f"interfaces: [{{{NIC}, public_ipv4: '::1'}}]",
            "interfaces[0].public_ipv4: expected an IPv4 address, got the text '::1'",
        ),
        (
            f"interfaces: [{{{NIC}, addresses: [{{}}]}}]",
            (
                "interfaces[0].addresses[0]: expected one of 'dhcp: 4', 'dhcp: 6', 'slaac: true' and "
                "'address: 10.0.0.5/24'"
            ),
        ),
        (
            f"interfaces: [{{{NIC}, addresses: [{{dhcp: 5}}]}}]",
            "interfaces[0].addresses[0].dhcp: expected 4 or 6, got the number 5",
        ),
        (
            f"interfaces: [{{{NIC}, addresses: [{{dhcp: 4, gateway: 10.0.0.1}}]}}]",
            "interfaces[0].addresses[0].gateway: unknown field",
        ),
        (
            f"interfaces: [{{{NIC}, addresses: [{{slaac: false}}]}}]",
            "interfaces[0].addresses[0].slaac: expected true: leave it out otherwise",
        ),
        (
            f"interfaces: [{{{NIC}, addresses: [{{slaac: 1}}]}}]",
            "interfaces[0].addresses[0].slaac: expected true or false, got the number 1",
        ),
        (
            "ec2: {instance_id: x}",
            (
                "ec2.instance_id: expected 'i-' and letters or digits: some clients wait for "
                "this prefix, got the text 'x'"
            ),
        ),
        (
            "ec2: {security_groups: ['a\n\nb']}",
            "ec2.security_groups[0]: must be one line without control characters, but holds '\\n'",
        ),
        (
            "ec2: {tags: {..: x}}",
            (
                "ec2.tags...: expected 1 to 255 letters, digits and '+-.,_:@', since it is part of a path, "
                "got the text '..'"
            ),
        ),
        (
            "service: {tokens: maybe}",
            "service.tokens: expected 'optional' or 'required', got the text 'maybe'",
        ),
        ("service: {hop_limit: 65}", "service.hop_limit: expected a number from 1 to 64, got 65"),
        (
            "devices: [{type: x}]",
            "devices[0]: expected a 'type' of 'nic', 'disk' or 'share', got the text 'x'",
        ),
        ("devices: [{type: []}]", "devices[0]: expected a 'type' of 'nic', 'disk' or 'share', got a list"),
        ("vendor_data: []", "vendor_data: expected a mapping, got a list"),
        ("vendor_data: {a: .nan}", "vendor_data.a: is no finite number, which JSON does not have"),
        ("vendor_data: {1: a}", "vendor_data: has the key 1, which is no text: quote it"),
        ("vendor_data: !!timestamp 2020-10-10", "vendor_data: is a date, which JSON does not have"),
        ("vendor_data: &a {b: *a}", "vendor_data: is nested deeper than 32 levels"),
        (
            f"interfaces: [{{{NIC}}}]\nnetwork_data: {{}}",
            "network_data: stands instead of 'interfaces': leave one of them out",
        ),
        ("name: 5\nhostnam: x", "name: expected text, got the number 5: quote it"),
        ("hostnam: x\nname: 5", "hostnam: unknown field; did you mean 'hostname'?"),
        ("name: {a: 1, a: 2}", "is not YAML: the key 'a' is twice, at line 2, column 14"),
        ("? [a]\n: b", "is not YAML: found unhashable key, at line 2, column 3"),
        ("name: [", "is not YAML: did not find expected node content, at line 3, column 1"),
        ("name: \x01", "is not YAML: control characters are not allowed"),
        ("name: !!int x", "invalid literal for int() with base 10: 'x'"),
        (
            "name: !!python/object:a.B {}",
            (
                "is not YAML: could not determine a constructor for the tag "
                "'tag:yaml.org,2002:python/object:a.B', at line 2, column 7"
            ),
        ),
        ("name: " + "[" * 40, "is nested deeper than 32 levels, at line 2"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """What is wrong is named with its field, and what would be right."""
    assert message == str(refused(lambda: read(text)))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "address: 10.0.0.5",
            ".address: expected an IP address with its prefix, like 10.0.0.5/24, got the text '10.0.0.5'",
        ),
        (
            "address: 10.0.0.5/33",
            ".address: expected an IP address with its prefix, like 10.0.0.5/24, got the text '10.0.0.5/33'",
        ),
        (
            "address: fe80::1%a/64",
            ".address: expected an IP address with its prefix, like 10.0.0.5/24, got the text 'fe80::1%a/64'",
        ),
        ("address: 10.0.0.5/24, gateway: fe80::1", ".gateway: fe80::1 is no IPv4 address, as 10.0.0.5/24 is"),
        (
            "address: fe80::5/64, gateway: fe80::1%a",
            ".gateway: fe80::1%a: a zone has no meaning in another host",
        ),
        ("address: 10.0.0.5/24, gateway: x", ".gateway: expected an IP address, got the text 'x'"),
        ("address: 10.0.0.5/24, dns: [x]", ".dns[0]: expected an IP address, got the text 'x'"),
        (
            "address: 10.0.0.5/24, routes: [{to: 10.1.0.1/16, via: 10.0.0.1}]",
            ".routes[0].to: 10.1.0.1/16 has bits beyond its prefix: did you mean 10.1.0.0/16?",
        ),
        (
            "address: 10.0.0.5/24, routes: [{to: 10.1.0.0/99, via: 10.0.0.1}]",
            ".routes[0].to: expected a network, like 10.1.0.0/16, got the text '10.1.0.0/99'",
        ),
        (
            "address: 10.0.0.5/24, routes: [{to: '::/0', via: 10.0.0.1}]",
            ".routes[0].to: ::/0 is not of IPv4, as 10.0.0.5/24 is",
        ),
        (
            "address: 10.0.0.5/24, routes: [{to: 10.1.0.0/16, via: fe80::1}]",
            ".routes[0].via: fe80::1 is not of IPv4, as 10.0.0.5/24 is",
        ),
    ],
)
def test_refused_address(address: str, message: str) -> None:
    """An address and what hangs on it are of one family, and usable on another host."""
    error = refused(lambda: read(f"interfaces: [{{{NIC}, addresses: [{{{address}}}]}}]"))

    assert f"interfaces[0].addresses[0]{message}" == str(error)


IPV6 = "id: n, type: ipv6, link: a, ip_address: '::5'"
PHY = "{id: a, type: phy, ethernet_mac_address: fa:16:3e:00:00:01}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", ".links: is required"),
        ("{links: []}", ".links: is empty, so that guests would configure no NIC: leave out network_data"),
        (
            "{links: [{id: a, type: phy}]}",
            ".links[0].ethernet_mac_address: is required of a link of type 'phy'",
        ),
        ("{links: [{id: a, type: bond}]}", ".links[0].bond_links: is required of a link of type 'bond'"),
        (f"{{links: [{PHY}, {PHY}]}}", ".links[1].id: 'a' is another link's already"),
        (
            "{links: [{id: a, type: bond, bond_links: [b]}]}",
            ".links[0]: is built on the link 'b', which is not there",
        ),
        (
            f"{{links: [{PHY}], networks: [{{id: n, type: ipv4_dhcp, link: b}}]}}",
            ".networks[0].link: there is no link 'b'",
        ),
        (f"{{links: [{PHY}], networks: [{{id: n, type: ipv4_dhcp}}]}}", ".networks[0].link: is required"),
        (
            f"{{links: [{PHY}], networks: [{{id: n, type: ipv4, link: a}}]}}",
            ".networks[0].ip_address: is required of a network of type 'ipv4'",
        ),
        (
            f"{{links: [{PHY}], networks: [{{id: n, type: ipv4, link: a, ip_address: 10.0.0.5}}]}}",
            ".networks[0].netmask: is required, since ip_address has no prefix",
        ),
        (
            f"{{links: [{PHY}], networks: [{{id: n, type: ipv4, link: a, ip_address: x/24}}]}}",
            ".networks[0].ip_address: is no IP address, or its netmask is none",
        ),
        (
            f"{{links: [{PHY}], networks: [{{{IPV6}, netmask: 'ff::ff'}}]}}",
            ".networks[0].ip_address: is no IP address, or its netmask is none",
        ),
        (
            f"{{links: [{PHY}], networks: [{{{IPV6}, netmask: ':x'}}]}}",
            ".networks[0].ip_address: is no IP address, or its netmask is none",
        ),
    ],
)
def test_refused_network_data(text: str, message: str) -> None:
    """A network_data that a client would stumble over is refused."""
    assert f"network_data{message}" == str(refused(lambda: read(f"network_data: {text}")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "expected a mapping, got nothing"),
        (b"[]", "expected a mapping, got a list"),
        (b"name: x", "uuid: is required"),
        (b"\xff", "is not UTF-8 text: see byte 0"),
        (b" " * (4 * 1024 * 1024 + 1), "is longer than 4194304 bytes"),
        (b'{"a": 1, "b": 2, "a": 3}', "has the key 'a' twice in one mapping"),
        (b'{"uuid": "\\ud800"}', "uuid: holds half of a surrogate pair, which is no character"),
        (b'{"a":' * 100_000, "is nested deeper than 32 levels, at line 1"),
        (b"- " * 100_000, "is nested deeper than 32 levels, at line 1"),
        (b'{"a": ' + b"9" * 5000 + b"}", None),
    ],
)
def test_refused_text(text: bytes, message: str | None) -> None:
    """A text that stands for no document is refused."""
    error = refused(lambda: parse(load(text)))

    assert message in {None, str(error)}


def test_aliases_are_measured() -> None:
    """A short text that stands for a huge document is refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    error = refused(lambda: load("\n".join(lines).encode()))
    assert "is larger than 8388608 characters with its files and aliases written out" == str(error)


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


def test_inline_unreadable() -> None:
    """A file that cannot be read is named with its field."""

    def unreadable(_name: str) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    error = refused(lambda: inline({"files": [{"path": "/b", "file": "b"}]}, unreadable))
    assert "files[0].file: cannot read 'b': No such file or directory" == str(error)


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
