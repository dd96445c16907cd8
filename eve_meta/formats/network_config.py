"""The network configuration of the NoCloud format: what network_data.json says, in netplan's words.

It is version 2, in which a NIC is known by its MAC address. In version 1 each would have to be given a name,
and cloud-init, which reads this over the network, would rename the NIC that it reads it over. Each kind of
network means what it means to cloud-init in network_data.json.
Source: https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html; cloud-init
`net/network_state.py`; `sources/helpers/openstack.py`, `convert_net_json`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from ipaddress import ip_address, ip_interface
from itertools import chain, count
from typing import Any

from eve_meta.vm import IPInterface

Record = dict[str, Any]

_ETHERNETS = "ethernets"
_BOND = "bond"
_VLAN = "vlan"
_GROUPS = {_BOND: "bonds", _VLAN: "vlans"}
_NIC = "nic"
_DNS = "dns"
_STATIC = frozenset({"ipv4", "ipv6", "static", "static6"})
_DHCP6 = frozenset({"ipv6_dhcp", "ipv6_dhcpv6-stateful"})
_BY_ROUTERS = _DHCP6 | {"ipv6_slaac", "ipv6_dhcpv6-stateless"}
_BY_HAND = frozenset({"ipv6", "static6"})
_BOND_PARAMETERS = {
    "bond_mode": "mode",
    "bond_miimon": "mii-monitor-interval",
    "bond_xmit_hash_policy": "transmit-hash-policy",
    "bond_lacp_rate": "lacp-rate",
    "bond_ad_select": "ad-select",
    "bond_fail_over_mac": "fail-over-mac-policy",
    "bond_primary_reselect": "primary-reselect-policy",
}
"""Those that are text to netplan. Source: cloud-init `net/network_state.py`, `NET_CONFIG_TO_V2`."""


def network_config(network_data: Record) -> Record:
    """The configuration, of what network_data.json holds."""
    links, networks = network_data["links"], _by_link(network_data)
    names, needed = _names(links), frozenset(_built_upon(links))
    servers = _servers_of_no_network(network_data)
    groups: dict[str, Record] = defaultdict(dict)
    for link in links:
        own = networks[link["id"]]
        device = _device(link, names, is_needed=link["id"] in needed)
        device |= _addressing(own) | _name_servers(own, servers)
        groups[_GROUPS.get(link["type"], _ETHERNETS)][names[link["id"]]] = device
    return {"version": 2, **groups}


def _by_link(network_data: Record) -> Mapping[str, list[Record]]:
    networks: Mapping[str, list[Record]] = defaultdict(list)
    for network in network_data.get("networks", ()):
        networks[network["link"]].append(network)
    return networks


def _names(links: Sequence[Record]) -> Mapping[str, str]:
    """The names of links by their ids: as given, else `bond0` in the order of its kind, else `bond0.5`."""
    numbers: dict[str, count[int]] = defaultdict(count)
    stems = {link["id"]: link["type"] if link["type"] in _GROUPS else _NIC for link in links}
    names = {id_: f"{stem}{next(numbers[stem])}" for id_, stem in stems.items()}
    names |= {link["id"]: link["name"] for link in links if link.get("name")}
    vlans = (link for link in links if link["type"] == _VLAN and not link.get("name"))
    return names | {vlan["id"]: f"{names[vlan['vlan_link']]}.{vlan['vlan_id']}" for vlan in vlans}


def _built_upon(links: Sequence[Record]) -> Iterator[str]:
    """The ids of links that others are built on."""
    for link in links:
        yield from link["bond_links"] if link["type"] == _BOND else ()
        yield from [link["vlan_link"]] if link["type"] == _VLAN else ()


def _device(link: Record, names: Mapping[str, str], *, is_needed: bool) -> Record:
    """What a link is, without its addresses.

    A NIC is given the name by which others are built on it: not all renderers look up its own.
    """
    mtu = {"mtu": link["mtu"]} if link.get("mtu") else {}
    if link["type"] == _BOND:
        return _bond(link, names) | mtu
    if link["type"] == _VLAN:
        return _vlan(link, names) | mtu
    name = {"set-name": names[link["id"]]} if link.get("name") or is_needed else {}
    return {"match": {"macaddress": _mac(link["ethernet_mac_address"])}} | name | mtu


def _bond(link: Record, names: Mapping[str, str]) -> Record:
    mac = link.get("ethernet_mac_address")
    known = {name: str(link[key]) for key, name in _BOND_PARAMETERS.items() if link.get(key) is not None}
    members = [names[each] for each in link["bond_links"]]
    return {"interfaces": members, "parameters": known} | ({"macaddress": _mac(mac)} if mac else {})


def _vlan(link: Record, names: Mapping[str, str]) -> Record:
    return {
        "id": link["vlan_id"],
        "link": names[link["vlan_link"]],
        "macaddress": _mac(link["vlan_mac_address"]),
    }


def _mac(given: str) -> str:
    return given.lower().replace("-", ":")


def _addressing(networks: Sequence[Record]) -> Record:
    """The addresses of a link, with the ways to others."""
    kinds = {network["type"] for network in networks}
    static = [network for network in networks if network["type"] in _STATIC]
    told = {
        "dhcp4": "ipv4_dhcp" in kinds,
        "dhcp6": bool(kinds & _DHCP6),
        "addresses": [str(_interface(each["ip_address"], each.get("netmask"))) for each in static],
        "routes": [_route(route) for network in networks for route in network.get("routes", ())],
    }
    return {key: value for key, value in told.items() if value} | _router_advertisements(kinds)


def _router_advertisements(kinds: AbstractSet[str]) -> Record:
    """Whether they are heeded: not by who has an IPv6 address given, unless routers are to give another."""
    if kinds & _BY_ROUTERS:
        return {"accept-ra": True}
    return {"accept-ra": False} if kinds & _BY_HAND else {}


def _interface(address: str, netmask: str | None) -> IPInterface:
    if netmask is None or "/" in address:
        return ip_interface(address)
    length = f"{int(ip_address(netmask)):b}".count("1") if ":" in netmask else netmask
    return ip_interface(f"{address}/{length}")


def _route(route: Record) -> Record:
    to = _interface(route["network"], route["netmask"]).network
    return {"to": str(to), "via": route["gateway"]}


def _name_servers(networks: Sequence[Record], others: Sequence[str]) -> Record:
    """The DNS servers of a link: its networks' own, and the others if it has a network."""
    servers = list(dict.fromkeys(chain(*map(_servers, networks), others)))
    return {"nameservers": {"addresses": servers}} if networks and servers else {}


def _servers_of_no_network(network_data: Record) -> Sequence[str]:
    known = frozenset(chain.from_iterable(map(_servers, network_data.get("networks", ()))))
    return [server for server in _servers(network_data) if server not in known]


def _servers(record: Record) -> Iterator[str]:
    return (each["address"] for each in record.get("services", ()) if each["type"] == _DNS)
