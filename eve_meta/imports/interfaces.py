"""network_data.json -> `interfaces`, if a guest would be told the same by them.

What is made is rendered and compared with what it was made of. Only the names of links and networks, which
no client relies on, may differ.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface, ip_network
from json import loads
from typing import Any
from uuid import UUID

from eve_meta.document import parse
from eve_meta.errors import DocumentError
from eve_meta.formats.network_data import network_data
from eve_meta.imports.words import prefix

Fields = dict[str, Any]

_NOBODY = str(UUID(int=0))
_BUILT = {"bond", "vlan"}
_STATIC = {"ipv4": 4, "ipv6": 6, "static": 4, "static6": 6}
_DYNAMIC: dict[str, Fields] = {
    "ipv4_dhcp": {"dhcp": 4},
    "ipv6_dhcp": {"dhcp": 6},
    "ipv6_slaac": {"slaac": True},
}
_RENEWED = ("vif_id", "network_id")
"""Names that nova gives and no client reads."""


def interfaces_of(data: Fields) -> list[Fields] | None:
    """The interfaces; None if they cannot say it. The data are such as a document may have."""
    try:
        interfaces = [_interface(link, data) for link in data["links"]]
        is_same = _essence(rendered(interfaces, _NOBODY)) == _essence(data)
    except (DocumentError, LookupError, TypeError, ValueError, AttributeError):
        return None  # it is richer, or clients read what is odd in it in their own way
    return interfaces if is_same else None


def rendered(interfaces: object, uuid: str) -> Any:
    """The network_data.json that a VM's guest is told of interfaces.

    Raises:
        DocumentError: they are none.
    """
    return loads(network_data(parse({"uuid": uuid, "interfaces": interfaces}), "").body)


def _interface(link: Fields, data: Fields) -> Fields:
    addresses = [_address(each) for each in data.get("networks", ()) if each["link"] == link["id"]]
    given = {"mac": link["ethernet_mac_address"].lower(), "name": link.get("name"), "mtu": link.get("mtu")}
    made = {name: value for name, value in given.items() if value is not None}
    return made | ({"addresses": addresses} if addresses else {})


def _address(network: Fields) -> Fields:
    if network["type"] in _DYNAMIC:
        return _DYNAMIC[network["type"]]
    made: Fields = {"address": str(_ip_interface(network))}
    if routes := network.get("routes"):
        made |= _ways([_route(each) for each in routes])
    if services := network.get("services"):
        made["dns"] = [each["address"] for each in services]
    return made


def _ip_interface(network: Fields) -> Any:
    address = network["ip_address"]
    return ip_interface(address if "/" in address else f"{address}/{prefix(network['netmask'])}")


def _route(route: Fields) -> Fields:
    to = ip_network(f"{route['network']}/{prefix(route['netmask'])}")
    return {"to": str(to), "via": str(ip_address(route["gateway"]))}


def _ways(routes: list[Fields]) -> Fields:
    """The first default route is the gateway."""
    out = next((each for each in routes if each["to"] in {"0.0.0.0/0", "::/0"}), None)
    others = [each for each in routes if each is not out]
    return ({"gateway": out["via"]} if out else {}) | ({"routes": others} if others else {})


def _essence(data: Fields) -> Any:
    """All that a guest makes use of, in one way of writing it."""
    places = {link["id"]: number for number, link in enumerate(data["links"])}
    networks = sorted(data.get("networks", ()), key=lambda each: places[each["link"]])
    services = data.get("services", ())
    rest = {name: value for name, value in data.items() if name not in {"links", "networks", "services"}}
    return (
        [_essential(link, {"type": _kind, "ethernet_mac_address": str.lower}) for link in data["links"]],
        [_network(each, places) for each in networks],
        {tuple(sorted(each.items())) for each in services},
        rest,
    )


def _network(network: Fields, places: dict[str, int]) -> Fields:
    made = _essential(network, {"link": places.__getitem__, "routes": list, "services": list})
    made = {"routes": [], "services": [], **made}
    if network["type"] in _STATIC:
        made |= {"type": _STATIC[network["type"]], "ip_address": _ip_interface(network), "netmask": None}
        made["routes"] = sorted(map(tuple, map(_of_route, made["routes"])), key=str)
    return made


def _of_route(route: Fields) -> Iterator[Any]:
    known = _route(route)
    yield known["to"]
    yield known["via"]
    yield sorted(route.keys() - {"network", "netmask", "gateway"})


def _essential(record: Fields, readers: dict[str, Any]) -> Fields:
    kept = {name: it for name, it in record.items() if name not in {"id", *_RENEWED} and it is not None}
    return {name: readers[name](it) if name in readers else it for name, it in kept.items()}


def _kind(name: str) -> str:
    return name if name in _BUILT else "phy"
