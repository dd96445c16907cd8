"""What is refused of a document, and in which words."""

from collections.abc import Callable

import pytest

from eve_meta.document import inline, parse
from eve_meta.document.notation import load
from eve_meta.errors import DocumentError
from tests.unit.documents import NIC, read

IPV6 = "id: n, type: ipv6, link: a, ip_address: '::5'"
ROUTE = "{network: 10.1.0.0, netmask: 255.0.255.0, gateway: 10.0.0.1}"
PHY = "{id: a, type: phy, ethernet_mac_address: fa:16:3e:00:00:01}"


def refused(make: Callable[[], object]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        make()
    return caught.value


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
        (
            'public_keys: {a: "ssh-rsa A\\nssh-rsa B"}',
            "public_keys.a: an SSH key must be one line, but holds '\\n': give each key a name",
        ),
        ("user_data: 5", "user_data: expected text or {base64: …}, got the number 5"),
        ("user_data: {}", "user_data: expected 'base64', got 0 of them"),
        ("user_data: {base64: '*'}", "user_data.base64: expected base64, got text"),
        ("user_data: {base64: é}", "user_data.base64: expected base64, got text"),
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
        ("eve: {device_id: x}", "eve.device_id: unknown field; did you mean 'device_uuid'?"),
        (
            "eve: {device_uuid: x}",
            "eve.device_uuid: expected a UUID like 12345678-1234-1234-1234-123456789abc, got the text 'x'",
        ),
        ("eve: {project_name: 5}", "eve.project_name: expected text, got the number 5: quote it"),
        ("eve: {enterprise_id: ''}", "eve.enterprise_id: is empty: leave it out"),
        ("eve: x", "eve: expected a mapping, got text"),
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
            f"interfaces: [{{{NIC}, addresses: [{{dhcp: 4}}, {{dhcp: 6}}, {{dhcp: 4}}]}}]",
            "interfaces[0].addresses[2]: stands twice at this interface",
        ),
        (
            f"interfaces: [{{{NIC}, addresses: [{{address: 10.0.0.5/24}}, {{address: 10.0.0.5/16}}]}}]",
            "interfaces[0].addresses[1]: stands twice at this interface",
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
        ("devices: [{type: disk, bus: scsi}]", "devices[0].address: is required on the bus 'scsi'"),
        (f"devices: [{{type: nic, {NIC}, bus: pci}}]", "devices[0].address: is required on the bus 'pci'"),
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
        ("name: !!int x", "is not YAML: this is no int, at line 2, column 7"),
        ("name: !!int ''", "is not YAML: this is no int, at line 2, column 7"),
        ("name: !!float ''", "is not YAML: this is no float, at line 2, column 7"),
        ("name: !!bool x", "is not YAML: this is no bool, at line 2, column 7"),
        ("name: !!timestamp x", "is not YAML: this is no timestamp, at line 2, column 7"),
        ("launch_index: 0x" + "f" * 5000, "launch_index: is a number of more than 1024 bits"),
        (
            "name: {<<: x}",
            "is not YAML: expected a mapping or a list of mappings to merge, at line 2, column 12",
        ),
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
        (
            "address: 10.0.0.5/24, gateway: 10.0.0.5",
            ".gateway: 10.0.0.5 is the interface's own address",
        ),
        (
            "address: 10.0.0.5/24, gateway: 0.0.0.0",
            ".gateway: 0.0.0.0 is no address that one machine can have",
        ),
        ("address: 224.0.0.5/24", ".address: 224.0.0.5 is no address that one machine can have"),
        ("address: '::/64'", ".address: :: is no address that one machine can have"),
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
        (
            f"{{links: [{PHY}, {{id: b, type: bond, bond_links: [a]}}]}}",
            ".links[1].bond_mode: is required of a link of type 'bond'",
        ),
        (
            "{links: [{id: a, type: bond, bond_links: [a], bond_mode: balance-rr}]}",
            ".links[0]: is built on itself",
        ),
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
        (
            f"{{links: [{PHY}], networks: [{{id: n, type: ipv4_dhcp, link: a, routes: [{ROUTE}]}}]}}",
            ".networks[0].routes[0].netmask: '255.0.255.0' is no netmask of 10.1.0.0",
        ),
        (
            "{links: [{id: a, type: phy, name: 5, ethernet_mac_address: fa:16:3e:00:00:01}]}",
            ".links[0].name: expected text, got the number 5: quote it",
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


def test_aliases_of_what_they_are_in() -> None:
    """What holds itself many times is refused before it is written out."""
    error = refused(lambda: load(f"a: &a [{', '.join(['*a'] * 50_000)}]".encode()))
    assert "a: is nested deeper than 32 levels" == str(error)


def test_merges_are_counted() -> None:
    """A short text that merges without end is refused."""
    lines = ["a0: &a0 {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 9)]

    error = refused(lambda: load("\n".join(lines).encode()))
    assert "is not YAML: more than 131072 values are merged, at line 5, column 5" == str(error)


@pytest.mark.parametrize("text", [b"[" + b"[], " * 200_000 + b"]", b"a: [" + b"1," * 400_000 + b"]"])
def test_values_are_counted(text: bytes) -> None:
    """More values than a document can need are refused."""
    assert "has more than 131072 values" == str(refused(lambda: load(text)))


def test_inline_unreadable() -> None:
    """A file that cannot be read is named with its field."""

    def unreadable(_name: str) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    error = refused(lambda: inline({"files": [{"path": "/b", "file": "b"}]}, unreadable))
    assert "files[0].file: cannot read 'b': No such file or directory" == str(error)
