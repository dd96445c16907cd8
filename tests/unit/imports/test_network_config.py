"""network-config of both versions: what of it a document says, and what it cannot."""

from typing import Any

import pytest
import yaml

from eve_meta.document import parse
from eve_meta.imports.network_config import network_config_of
from eve_meta.imports.place import Notes, Place, SourceError
from eve_meta.imports.record import Record

MAC, MAC2 = "fa:16:3e:00:00:01", "fa:16:3e:00:00:02"
PHYSICAL = {"type": "physical", "name": "eth0", "mac_address": MAC}
MATCH = {"match": {"macaddress": MAC}}
STATIC = {"address": "10.0.0.5/24", "gateway": "10.0.0.1"}
ROUTE = {"to": "10.1.0.0/16", "via": "10.0.0.254"}


def made(config: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The document's fields, and the notes."""
    notes = Notes()
    fields = network_config_of(Record(Place("network-config", notes), config))
    assert parse({"uuid": "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11", **fields})
    return fields, notes.told()


def first(*config: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "config": list(config)}


def subnets(*given: dict[str, Any]) -> dict[str, Any]:
    """One NIC of version 1."""
    return first({**PHYSICAL, "subnets": list(given)})


def ethernet(**fields: Any) -> dict[str, Any]:
    """One NIC of version 2."""
    return {"version": 2, "ethernets": {"id0": {**MATCH, "set-name": "eth0", **fields}}}


def interface(*addresses: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"mac": MAC, "name": "eth0", **more, **({"addresses": list(addresses)} if addresses else {})}]


SAME = [
    ([subnets(), subnets({"type": "manual"}), ethernet(), ethernet(dhcp4="no")], interface()),
    (
        [subnets({"type": "dhcp"}), subnets({"type": "dhcp4"}), ethernet(dhcp4=True), ethernet(dhcp4="yes")],
        interface({"dhcp": 4}),
    ),
    (
        [subnets({"type": "dhcp4"}, {"type": "dhcp6"}), ethernet(dhcp4=True, dhcp6=True)],
        interface({"dhcp": 4}, {"dhcp": 6}),
    ),
    ([subnets({"type": "ipv6_slaac"}), ethernet(**{"accept-ra": True})], interface({"slaac": True})),
    (
        [
            subnets({"type": "static", "address": "10.0.0.5/24", "gateway": "10.0.0.1"}),
            subnets({"type": "static", "address": "10.0.0.5", "gateway": "10.0.0.1"}),
            subnets(
                {"type": "static", "address": "10.0.0.5", "prefix": 24, "netmask": 8, "gateway": "10.0.0.1"}
            ),
            subnets(
                {"type": "static", "address": "10.0.0.5", "netmask": "255.255.255.0", "gateway": "10.0.0.1"}
            ),
            subnets({"type": "static", "address": "10.0.0.5", "netmask": 24, "gateway": "10.0.0.1"}),
            first(
                {**PHYSICAL, "subnets": [{"type": "static", "address": "10.0.0.5/24"}]},
                {"type": "route", "destination": "0.0.0.0/0", "gateway": "10.0.0.1"},
            ),
            ethernet(addresses=["10.0.0.5/24"], gateway4="10.0.0.1"),
            ethernet(addresses=[{"10.0.0.5/24": {}}], routes=[{"to": "default", "via": "10.0.0.1"}]),
            ethernet(addresses=["10.0.0.5/24"], routes=[{"to": "0.0.0.0/0", "via": "10.0.0.1"}]),
            {"network": ethernet(addresses=["10.0.0.5/24"], gateway4="10.0.0.1")},
        ],
        interface(STATIC),
    ),
    (
        [
            subnets(
                {
                    "type": "static",
                    **STATIC,
                    "routes": [{"network": "10.1.0.0", "netmask": "255.255.0.0", "gateway": "10.0.0.254"}],
                }
            ),
            subnets(
                {
                    "type": "static",
                    **STATIC,
                    "routes": [{"destination": "10.1.0.0/16", "gateway": "10.0.0.254"}],
                }
            ),
            ethernet(addresses=["10.0.0.5/24"], gateway4="10.0.0.1", routes=[ROUTE]),
        ],
        interface({**STATIC, "routes": [ROUTE]}),
    ),
    (
        [
            subnets(
                {"type": "static", "address": "10.0.0.5/24", "dns_nameservers": ["10.0.0.2", "10.0.0.3"]}
            ),
            subnets({"type": "static", "address": "10.0.0.5/24", "dns_nameservers": "10.0.0.2 10.0.0.3"}),
            first(
                {**PHYSICAL, "subnets": [{"type": "static", "address": "10.0.0.5/24"}]},
                {"type": "nameserver", "address": ["10.0.0.2", "10.0.0.3"]},
            ),
            first(
                {**PHYSICAL, "subnets": [{"type": "static", "address": "10.0.0.5/24"}]},
                {"type": "nameserver", "interface": "eth0", "address": ["10.0.0.2", "10.0.0.3"]},
            ),
            ethernet(addresses=["10.0.0.5/24"], nameservers={"addresses": ["10.0.0.2", "10.0.0.3"]}),
        ],
        interface({"address": "10.0.0.5/24", "dns": ["10.0.0.2", "10.0.0.3"]}),
    ),
    (
        [
            subnets({"type": "static6", "address": "2001:db8::5/64", "gateway": "fe80::1"}),
            subnets(
                {
                    "type": "static6",
                    "address": "2001:db8::5",
                    "netmask": "ffff:ffff:ffff:ffff::",
                    "gateway": "fe80::1",
                }
            ),
            ethernet(addresses=["2001:db8::5/64"], gateway6="fe80::1"),
        ],
        interface({"address": "2001:db8::5/64", "gateway": "fe80::1"}),
    ),
    (
        [first({**PHYSICAL, "mtu": 1450}), first({**PHYSICAL, "mtu": "1450"}), ethernet(mtu=1450)],
        interface(mtu=1450),
    ),
]
"""Configurations, and the interfaces that each of them makes."""


@pytest.mark.parametrize(
    ("config", "interfaces"), [(config, expected) for configs, expected in SAME for config in configs]
)
def test_interfaces(config: dict[str, Any], interfaces: list[dict[str, Any]]) -> None:
    assert ({"interfaces": interfaces}, ()) == made(config)


def test_a_route_goes_to_the_network_of_its_gateway() -> None:
    config = ethernet(addresses=["192.168.0.5/24", "10.0.0.5/24"], routes=[ROUTE])
    addresses: list[dict[str, Any]] = [
        {"address": "192.168.0.5/24"},
        {"address": "10.0.0.5/24", "routes": [ROUTE]},
    ]

    assert {"interfaces": interface(*addresses)} == made(config)[0]


BOND_V1 = f"""
version: 1
config:
- {{type: physical, name: eth0, mac_address: "{MAC}"}}
- {{type: physical, name: eth1, mac_address: "{MAC2}"}}
- type: bond
  name: bond0
  bond_interfaces: [eth0, eth1]
  params: {{bond-mode: 4, bond_miimon: 100, bond-xmit-hash-policy: layer3+4}}
- type: vlan
  name: bond0.100
  vlan_link: bond0
  vlan_id: 100
  mtu: 1400
  subnets: [{{type: static, address: 10.0.0.5/24}}]
"""
BOND_V2 = f"""
version: 2
vlans:
  bond0.100: {{id: 100, link: bond0, mtu: 1400, addresses: [10.0.0.5/24]}}
bonds:
  bond0:
    interfaces: [eth0, eth1]
    parameters: {{mode: 802.3ad, mii-monitor-interval: 100, transmit-hash-policy: layer3+4}}
ethernets:
  eth0: {{match: {{macaddress: "{MAC}"}}, set-name: eth0}}
  eth1: {{match: {{macaddress: "{MAC2}"}}, set-name: eth1}}
"""


@pytest.mark.parametrize("text", [BOND_V1, BOND_V2])
def test_bonds_and_vlans(text: str) -> None:
    """These only network_data has; a VLAN has the address of what it is on."""
    fields, notes = made(yaml.safe_load(text))

    assert () == notes
    data = fields["network_data"]
    assert [
        {"id": "eth0", "type": "phy", "name": "eth0", "ethernet_mac_address": MAC},
        {"id": "eth1", "type": "phy", "name": "eth1", "ethernet_mac_address": MAC2},
        {
            "id": "bond0",
            "type": "bond",
            "bond_links": ["eth0", "eth1"],
            "bond_mode": "802.3ad",
            "bond_miimon": 100,
            "bond_xmit_hash_policy": "layer3+4",
        },
        {
            "id": "bond0.100",
            "type": "vlan",
            "vlan_link": "bond0",
            "vlan_id": 100,
            "mtu": 1400,
            "vlan_mac_address": MAC,
        },
    ] == data["links"]
    assert [("bond0.100", "10.0.0.5", "255.255.255.0")] == [
        (each["link"], each["ip_address"], each["netmask"]) for each in data["networks"]
    ]


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (subnets({"type": "ipv6_dhcpv6-stateful"}), "ipv6_dhcpv6-stateful"),
        (subnets({"type": "dhcp", "dns_nameservers": ["10.0.0.2"]}), "ipv4_dhcp"),
        (ethernet(dhcp4=True, nameservers={"addresses": ["10.0.0.2"]}), "ipv4_dhcp"),
        (ethernet(dhcp4=True, routes=[ROUTE]), "ipv4_dhcp"),
    ],
)
def test_a_network_that_interfaces_cannot_say(config: dict[str, Any], kind: str) -> None:
    fields, notes = made(config)

    assert ((), [kind]) == (notes, [each["type"] for each in fields["network_data"]["networks"]])


def test_servers_of_no_network() -> None:
    """They are told beside the networks."""
    fields, _ = made(first(PHYSICAL, {"type": "nameserver", "address": "10.0.0.2"}))

    assert [{"type": "dns", "address": "10.0.0.2"}] == fields["network_data"]["services"]


@pytest.mark.parametrize(
    ("config", "note"),
    [
        (subnets({"type": "manual", "metric": 5}), "config[0].subnets[0].metric: has no place"),
        (first({"type": "physical", "name": "eth0"}), "config[0]: has no MAC address"),
        ({"version": 2, "ethernets": {"eth0": {"dhcp4": True}}}, "ethernets.eth0: has no MAC address"),
        (
            {"version": 2, "ethernets": {"e": {**MATCH, "match": {"macaddress": MAC, "driver": "virtio"}}}},
            "ethernets.e.match.driver: a document knows a NIC by its MAC address alone",
        ),
        (
            {"version": 2, "vlans": {"e.1": {"id": 1, "link": "e"}}},
            "vlans.e.1: is built on e, not all of which a document has: left out",
        ),
        ({"version": 2, "vlans": {"v": {"id": 1, "link": "v"}}}, "vlans.v: is built on v, not all of which"),
        (
            {
                "version": 2,
                "ethernets": {"e": {**MATCH, "set-name": "eth0"}},
                "bonds": {"team": {"interfaces": ["e"]}},
                "vlans": {"storage": {"id": 7, "link": "e"}},
            },
            "bonds.team: is bond0 to the guest, not team",
        ),
        (
            {
                "version": 2,
                "ethernets": {"e": {**MATCH, "set-name": "eth0"}},
                "vlans": {"eth0.7": {"id": 7, "link": "e"}, "storage": {"id": 8, "link": "e"}},
            },
            "vlans.storage: is eth0.8 to the guest, not storage",
        ),
        ({"version": 2, "bridges": {"br0": {}}}, "bridges: network_data.json does not have that"),
        ({"version": 2, "renderer": "networkd"}, "renderer: network_data.json does not have that"),
        (
            first({"type": "bridge", "name": "br0"}),
            "config[0]: is a bridge, which network_data.json does not have",
        ),
        (subnets({"type": "dhcp", "control": "manual"}), "config[0].subnets[0].control: has no place"),
        (subnets({"type": "bootp"}), "config[0].subnets[0]: is a subnet of type 'bootp'"),
        (subnets({"type": "dhcp", "dns_search": ["a"]}), "config[0].subnets[0].dns_search: has no place"),
        (
            subnets({"type": "dhcp", "routes": [{"destination": "10.0.0.0/8"}]}),
            "config[0].subnets[0].routes[0]: is a route without a gateway",
        ),
        (ethernet(routes=[{"to": "10.0.0.0/8"}]), "ethernets.id0.routes[0]: is a route without a gateway"),
        (ethernet(routes=[ROUTE]), "ethernets.id0.routes[0]: is a route of no network of its family"),
        (
            ethernet(addresses=[{"10.0.0.5/24": {"label": "a"}}]),
            "ethernets.id0.addresses[0].10.0.0.5/24.label: has",
        ),
        (ethernet(**{"accept-ra": False}), "ethernets.id0.accept-ra: network_data.json cannot forbid that"),
        (ethernet(optional=True), "ethernets.id0.optional: has no place"),
        (ethernet(nameservers={"search": ["a"]}), "ethernets.id0.nameservers.search: has no place"),
        ({"config": "disabled"}, "config: a document cannot forbid a guest to configure its network"),
    ],
)
def test_what_is_lost_is_told(config: dict[str, Any], note: str) -> None:
    notes = made(config)[1]

    assert any(each.startswith(f"network-config: {note}") for each in notes), notes


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"ethernets": {}}, "version: is required"),
        ({"version": 3}, "version: expected a number from 1 to 2, got 3"),
        ({"version": 1, "config": {}}, "config: expected a list, got a mapping"),
        (first({"name": "eth0"}), "config[0].type: is required"),
        (first({"type": "physical"}), "config[0].name: is required"),
        (first({**PHYSICAL, "mac_address": "x"}), "config[0].mac_address: expected a MAC address"),
        (first({**PHYSICAL, "mtu": 5}), "config[0].mtu: expected a number from 68 to 65535, got 5"),
        (first({"type": "vlan", "name": "v"}), "config[0].vlan_link: is required"),
        (first({"type": "bond", "name": "b"}), "config[0].bond_interfaces: is required"),
        (subnets({"type": "static"}), "config[0].subnets[0].address: is required"),
        (
            subnets({"type": "static", "address": "x"}),
            "config[0].subnets[0].address: expected an IP address, like 10.0.0.5/24, got the text 'x'",
        ),
        (ethernet(dhcp4="maybe"), "ethernets.id0.dhcp4: expected true or false, got the text 'maybe'"),
        (ethernet(addresses=[5]), "ethernets.id0.addresses[0]: expected text, got the number 5"),
        (ethernet(addresses=[[]]), "ethernets.id0.addresses[0]: expected text, got a list"),
        (ethernet(gateway4="x"), "ethernets.id0.gateway4: expected an IP address, got the text 'x'"),
        (
            ethernet(routes=[{"to": "x", "via": "10.0.0.1"}]),
            "ethernets.id0.routes[0].to: expected a network, like 10.1.0.0/16, got the text 'x'",
        ),
        ({"version": 2, "ethernets": {"e": 5}}, "ethernets.e: expected a mapping, got the number 5"),
        (
            {"version": 2, "bonds": {"b": {"interfaces": ["a"], "parameters": {"mode": 7}}}},
            "bonds.b.parameters.mode: ",
        ),
        (first(PHYSICAL, PHYSICAL), "links[1].id: 'eth0' is another link's already"),
    ],
)
def test_what_is_wrong_is_named(config: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError) as raised:
        made(config)

    assert str(raised.value).startswith(f"network-config: {message}")
