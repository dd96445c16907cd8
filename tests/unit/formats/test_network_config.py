"""What network_data.json says, in the words of network-config."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.document import parse
from eve_meta.errors import DocumentError
from eve_meta.formats.network_config import network_config

MAC = "fa:16:3e:00:00:01"
PHY = {"id": "tap0", "type": "phy", "ethernet_mac_address": MAC}
OTHER = {"id": "tap1", "type": "vif", "ethernet_mac_address": "FA-16-3E-00-00-02", "mtu": None}
BOND = {"id": "b", "type": "bond", "bond_links": ["tap0", "tap1"], "bond_mode": "802.3ad", "bond_miimon": 100}
VLAN = {"id": "v", "type": "vlan", "vlan_link": "b", "vlan_id": 101, "vlan_mac_address": MAC, "mtu": 1450}
ROUTE = {"to": "10.1.0.0/16", "via": "10.0.0.9"}
KNOWN = {"match": {"macaddress": MAC}}


def told(*networks: dict[str, Any], **others: object) -> dict[str, Any]:
    """What is told of a NIC with networks, besides its MAC address."""
    data = {"links": [PHY], "networks": [{"link": "tap0", **each} for each in networks], **others}
    ((name, device),) = network_config(data)["ethernets"].items()
    assert ("nic0", KNOWN) == (name, {"match": device.pop("match")})
    return dict(device)


def static(address: str, **others: object) -> dict[str, Any]:
    return {"type": "ipv6" if ":" in address else "ipv4", "ip_address": address, **others}


def route(network: str, netmask: str, gateway: str) -> dict[str, str]:
    return {"network": network, "netmask": netmask, "gateway": gateway}


def dns(*servers: str) -> list[dict[str, str]]:
    return [{"type": "dns", "address": server} for server in servers]


@pytest.mark.parametrize(
    ("kind", "means"),
    [
        ("ipv4_dhcp", {"dhcp4": True}),
        ("ipv6_dhcp", {"dhcp6": True, "accept-ra": True}),
        ("ipv6_dhcpv6-stateful", {"dhcp6": True, "accept-ra": True}),
        ("ipv6_dhcpv6-stateless", {"accept-ra": True}),
        ("ipv6_slaac", {"accept-ra": True}),
    ],
)
def test_dynamic(kind: str, means: dict[str, object]) -> None:
    """Where the guest gets its address by itself, it is told how."""
    assert means == told({"type": kind})


@pytest.mark.parametrize(
    ("network", "address"),
    [
        (static("10.0.0.5", netmask="255.255.255.0"), "10.0.0.5/24"),
        (static("10.0.0.5/16", netmask="255.255.255.0"), "10.0.0.5/16"),
        (static("10.0.0.5", type="static", netmask="24"), "10.0.0.5/24"),
        (static("fd00::5", netmask="ffff:ffff:ffff:ffff::"), "fd00::5/64"),
        (static("fd00::5", netmask="::"), "fd00::5/0"),
        (static("fd00::5/56", type="static6"), "fd00::5/56"),
    ],
)
def test_static(network: dict[str, Any], address: str) -> None:
    """A static address has its prefix, however that is written."""
    assert [address] == told(network)["addresses"]


@pytest.mark.parametrize(
    ("networks", "heeded"),
    [
        ([static("10.0.0.5/24")], None),
        ([static("fd00::5/64")], False),
        ([static("fd00::5/64"), {"type": "ipv6_slaac"}], True),
    ],
)
def test_router_advertisements(networks: list[dict[str, Any]], heeded: bool | None) -> None:  # noqa: FBT001
    """Who has an IPv6 address heeds no router, unless it is to have another one by one."""
    assert heeded is told(*networks).get("accept-ra")


@pytest.mark.parametrize(
    ("address", "way", "means"),
    [
        ("10.0.0.5/24", route("0.0.0.0", "0.0.0.0", "10.0.0.1"), {"to": "0.0.0.0/0", "via": "10.0.0.1"}),
        ("10.0.0.5/24", route("10.1.2.3", "255.255.0.0", "10.0.0.9"), ROUTE),
        ("fd00::5/64", route("::", "::", "fe80::1"), {"to": "::/0", "via": "fe80::1"}),
    ],
)
def test_route(address: str, way: dict[str, str], means: dict[str, object]) -> None:
    """A route has its prefix, and begins where its network does."""
    assert [means] == told(static(address, routes=[way]))["routes"]


def test_name_servers() -> None:
    """A NIC has its networks' DNS servers, then those that are no network's, each once."""
    own = {"type": "ipv4_dhcp", "services": dns("10.0.0.2", "10.0.0.3")}
    services = [*dns("10.0.0.3", "10.0.0.4"), {"type": "ntp", "address": "10.0.0.9"}]

    assert {"addresses": ["10.0.0.2", "10.0.0.3", "10.0.0.4"]} == told(
        own, {"type": "ipv6_slaac"}, services=services
    )["nameservers"]


def test_others_name_servers() -> None:
    """A NIC has not the DNS servers of another's network."""
    other = static("10.0.0.5/24", services=dns("10.0.0.2"))
    networks = [{"link": "tap0", "type": "ipv4_dhcp"}, {"link": "tap1", **other}]
    data = {"links": [PHY, OTHER], "networks": networks, "services": dns("10.0.0.2")}

    assert KNOWN | {"dhcp4": True} == network_config(data)["ethernets"]["nic0"]


def test_no_network() -> None:
    """Of a NIC without a network its MAC address and MTU are told."""
    data = {"links": [{**PHY, "mtu": 1450}], "services": dns("10.0.0.2")}

    assert {"version": 2, "ethernets": {"nic0": {**KNOWN, "mtu": 1450}}} == network_config(data)


def test_name() -> None:
    """A NIC that has a name given is called by it."""
    data = {"links": [{**PHY, "name": "front"}]}

    assert {"front": {**KNOWN, "set-name": "front"}} == network_config(data)["ethernets"]


def test_bond_and_vlan() -> None:
    """A bond and a VLAN on it are built on NICs that have their names set, so that they are found."""
    data = {
        "links": [VLAN, BOND, PHY, OTHER],
        "networks": [{"id": "n", "link": "v", **static("10.0.0.5/24")}],
    }

    assert {
        "version": 2,
        "vlans": {
            "bond0.101": {
                "id": 101,
                "link": "bond0",
                "macaddress": MAC,
                "mtu": 1450,
                "addresses": ["10.0.0.5/24"],
            }
        },
        "bonds": {
            "bond0": {
                "interfaces": ["nic0", "nic1"],
                "parameters": {"mode": "802.3ad", "mii-monitor-interval": "100"},
            }
        },
        "ethernets": {
            "nic0": {**KNOWN, "set-name": "nic0"},
            "nic1": {"match": {"macaddress": "fa:16:3e:00:00:02"}, "set-name": "nic1"},
        },
    } == network_config(data)


def test_bond_with_a_mac_address() -> None:
    """A bond may have a MAC address and a name."""
    data = {"links": [{**BOND, "ethernet_mac_address": MAC, "name": "uplink"}, PHY, OTHER]}

    assert MAC == network_config(data)["bonds"]["uplink"]["macaddress"]


def test_vlans_of_vlans() -> None:
    """VLANs are told apart whatever they are built on."""
    inner = {**VLAN, "id": "w", "vlan_link": "v", "vlan_id": 7}
    named = {**VLAN, "id": "x", "vlan_id": 8, "name": "guests"}
    data = {"links": [BOND, PHY, OTHER, VLAN, inner, named]}

    assert {"bond0.101", "vlan0.7", "guests"} == network_config(data)["vlans"].keys()


ODD: st.SearchStrategy[Any] = st.sampled_from([None, "x", 5, True, {}, ["tap0"]])
IDS = st.sampled_from(["tap0", "tap1", "b", "v"])
ADDRESSES = st.sampled_from(["10.0.0.5", "10.0.0.5/24", "fd00::5", "fd00::5/64", "fe80::5%eth0", "::"])
MASKS = st.sampled_from(["255.0.0.0", "0.0.0.255", "24", "64", "ffff::", "::", "0.0.0.0", "ff::ff", "/"])
ROUTE_OF_ANY = st.fixed_dictionaries({"network": ADDRESSES, "netmask": MASKS, "gateway": ADDRESSES})
SERVER = st.fixed_dictionaries({"type": st.sampled_from(["dns", "ntp"]), "address": ADDRESSES})
NETWORK = st.fixed_dictionaries(
    {"id": IDS, "type": st.sampled_from(["ipv4", "static6", "ipv4_dhcp", "ipv6_slaac"]), "link": IDS},
    optional={
        "ip_address": ADDRESSES,
        "netmask": MASKS | st.none(),
        "routes": st.lists(ROUTE_OF_ANY, max_size=1),
        "services": st.lists(SERVER, max_size=2),
    },
)


@given(
    st.dictionaries(st.sampled_from([*BOND, *VLAN, "name"]), ODD | IDS, max_size=1),
    st.lists(NETWORK, max_size=2),
    st.lists(SERVER, max_size=2),
)
def test_any(odd: dict[str, Any], networks: list[Any], services: list[Any]) -> None:
    """Whatever network_data a document may have, it can be told in these words."""
    for link in (PHY, BOND, VLAN):
        links = [each | odd if each is link else each for each in (PHY, OTHER, BOND, VLAN)]
        data = {"links": links, "networks": networks, "services": services}
        with contextlib.suppress(DocumentError):
            parse({"uuid": "00000000-0000-0000-0000-000000000001", "network_data": data})
            assert 2 == network_config(data)["version"]
