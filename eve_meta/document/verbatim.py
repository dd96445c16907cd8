"""What a network_data.json written by an operator must hold, so that no client stumbles over it.

One error in it costs a guest its whole network configuration. Fields not named here are passed on as they
are. Source: nova `doc/api_schemas/network_data.json`; cloud-init `sources/helpers/openstack.py`,
`convert_net_json`.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from enum import Enum
from ipaddress import ip_address, ip_interface

from attrs import frozen

from eve_meta.document.problems import Problem
from eve_meta.vm import IPAddress, Line, MacAddress, Mtu, VlanId


class _BondMode(Enum):
    """Source: nova `doc/api_schemas/network_data.json`; cloudbase-init knows no other."""

    IEEE_802_3AD = "802.3ad"
    BALANCE_RR = "balance-rr"
    ACTIVE_BACKUP = "active-backup"
    BALANCE_XOR = "balance-xor"
    BROADCAST = "broadcast"
    BALANCE_TLB = "balance-tlb"
    BALANCE_ALB = "balance-alb"


class _NetworkType(Enum):
    """How a network's addresses come about; the first four are static."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    STATIC = "static"
    STATIC6 = "static6"
    IPV4_DHCP = "ipv4_dhcp"
    IPV6_DHCP = "ipv6_dhcp"
    IPV6_SLAAC = "ipv6_slaac"
    IPV6_STATELESS = "ipv6_dhcpv6-stateless"
    IPV6_STATEFUL = "ipv6_dhcpv6-stateful"


_STATIC = {_NetworkType.IPV4, _NetworkType.IPV6, _NetworkType.STATIC, _NetworkType.STATIC6}
_BOND = "bond"
_VLAN = "vlan"


@frozen(kw_only=True)
class _Link:
    id: Line
    type: Line
    name: Line | None = None
    mtu: Mtu | None = None
    ethernet_mac_address: MacAddress | None = None
    bond_links: tuple[Line, ...] = ()
    bond_mode: _BondMode | None = None
    vlan_link: Line | None = None
    vlan_id: VlanId | None = None
    vlan_mac_address: MacAddress | None = None


@frozen
class _Route:
    network: IPAddress
    netmask: Line
    gateway: IPAddress


@frozen
class _Service:
    type: Line
    address: Line


@frozen(kw_only=True)
class _Network:
    id: Line
    type: _NetworkType
    link: Line
    ip_address: Line | None = None
    netmask: Line | None = None
    routes: tuple[_Route, ...] = ()
    services: tuple[_Service, ...] = ()


@frozen
class NetworkData:
    """The part of network_data.json that clients rely on."""

    links: tuple[_Link, ...]
    networks: tuple[_Network, ...] = ()
    services: tuple[_Service, ...] = ()


PARTIAL = frozenset({_Link, _Route, _Service, _Network, NetworkData})
"""Classes of which only some fields are known."""


def broken_network_rules(data: NetworkData) -> Iterator[Problem]:
    """What does not fit together."""
    first = {link.id: place for place, link in reversed(tuple(enumerate(data.links)))}
    ids = first.keys()
    if not ids:
        yield Problem(("links",), "is empty, so that guests would configure no NIC: leave out network_data")
    for place, link in enumerate(data.links):
        yield from _below(("links", place), _broken_link(link, ids))
        if first[link.id] != place:
            yield Problem(("links", place, "id"), f"{link.id!r} is another link's already")
    for place, network in enumerate(data.networks):
        yield from _below(("networks", place), _broken_network(network, ids))


def _below(path: tuple[str, int], problems: Iterator[Problem]) -> Iterator[Problem]:
    return (Problem((*path, *problem.path), problem.reason) for problem in problems)


def _broken_link(link: _Link, ids: AbstractSet[Line]) -> Iterator[Problem]:
    for name in _needed(link.type):
        if not getattr(link, name):
            yield Problem((name,), f"is required of a link of type {link.type!r}")
    for other in (*link.bond_links, *filter(None, [link.vlan_link])):
        if other not in ids:
            yield Problem((), f"is built on the link {other!r}, which is not there")
        if other == link.id:
            yield Problem((), "is built on itself")


def _needed(kind: str) -> tuple[str, ...]:
    by_kind: dict[str, tuple[str, ...]] = {
        _BOND: ("bond_links", "bond_mode"),
        _VLAN: ("vlan_link", "vlan_id", "vlan_mac_address"),
    }
    return by_kind.get(kind, ("ethernet_mac_address",))


def _broken_network(network: _Network, ids: AbstractSet[Line]) -> Iterator[Problem]:
    if network.link not in ids:
        yield Problem(("link",), f"there is no link {network.link!r}")
    if network.type in _STATIC:
        yield from _broken_static(network)
    for place, route in enumerate(network.routes):
        if not _is_address(str(route.network), route.netmask):
            yield Problem(("routes", place, "netmask"), f"{route.netmask!r} is no netmask of {route.network}")


def _broken_static(network: _Network) -> Iterator[Problem]:
    if network.ip_address is None:
        yield Problem(("ip_address",), f"is required of a network of type {network.type.value!r}")
    elif "/" not in network.ip_address and network.netmask is None:
        yield Problem(("netmask",), "is required, since ip_address has no prefix")
    elif not _is_address(network.ip_address, network.netmask):
        yield Problem(("ip_address",), "is no IP address, or its netmask is none")


def _is_address(address: str, netmask: str | None) -> bool:
    try:
        ip_interface(address if netmask is None or "/" in address else f"{address}/{_prefix(netmask)}")
    except ValueError:
        return False
    return True


def _prefix(netmask: str) -> str:
    """An IPv6 netmask as the length that it stands for, which is all that `ipaddress` reads."""
    if ":" not in netmask:
        return netmask
    bits = f"{int(ip_address(netmask)):0128b}"
    ones = bits.rstrip("0")
    return str(len(ones)) if "0" not in ones else ""
