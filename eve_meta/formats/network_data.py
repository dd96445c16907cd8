"""network_data.json of the OpenStack format.

Source: nova `virt/netutils.py`, `doc/api_schemas/network_data.json`; cloud-init
`sources/helpers/openstack.py`, `convert_net_json`.
"""

import json
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import chain
from typing import Any

from attrs import frozen

from eve_meta.formats.derived import uuid_of
from eve_meta.tree import JSON, Leaf
from eve_meta.vm import (
    VM,
    Address,
    DhcpAddress,
    Interface,
    IPAddress,
    IPNetwork,
    SlaacAddress,
    StaticAddress,
)

_Record = dict[str, object]
_EVERYWHERE: dict[int, IPNetwork] = {4: IPv4Network("0.0.0.0/0"), 6: IPv6Network("::/0")}


def has_network_data(vm: VM) -> bool:
    """Whether anything is known of the NICs' addresses.

    If not, the guest must find no file: an empty one tells cloud-init to configure no NIC, a missing one to
    ask DHCP.
    """
    return vm.network_data is not None or any(interface.addresses for interface in vm.interfaces)


def network_data(vm: VM, _version: str) -> Leaf:
    """The file as the operator wrote it, or made of the interfaces."""
    text = vm.network_data if vm.network_data is not None else json.dumps(_document(vm))
    return Leaf(text.encode(), JSON)


def network_record(vm: VM) -> dict[str, Any]:
    """What the file holds."""
    return _document(vm) if vm.network_data is None else dict(json.loads(vm.network_data))


def _document(vm: VM) -> _Record:
    return {
        "links": [_link(vm, number, interface) for number, interface in enumerate(vm.interfaces)],
        "networks": [_network(vm, number, place) for number, place in enumerate(_places(vm))],
        "services": _services(chain.from_iterable(_dns(place.address) for place in _places(vm))),
    }


def _link(vm: VM, number: int, interface: Interface) -> _Record:
    record: _Record = {
        "id": _link_id(number),
        "vif_id": str(uuid_of(vm, interface.mac)),
        "type": "phy",
        "mtu": interface.mtu,
        "ethernet_mac_address": interface.mac,
    }
    return record | ({"name": interface.name} if interface.name else {})


def _link_id(number: int) -> str:
    return f"interface{number}"


@frozen
class _Place:
    """An address on its link."""

    link: str
    mac: str
    address: Address


def _places(vm: VM) -> Iterator[_Place]:
    for number, interface in enumerate(vm.interfaces):
        for address in interface.addresses:
            yield _Place(_link_id(number), interface.mac, address)


def _network(vm: VM, number: int, place: _Place) -> _Record:
    network_id = {"network_id": str(uuid_of(vm, f"{place.mac}/network"))}
    record: _Record = {"id": f"network{number}", "type": _kind(place.address), "link": place.link}
    if isinstance(place.address, StaticAddress):
        return record | _static(place.address) | network_id | {"services": _services(place.address.dns)}
    return record | network_id


def _kind(address: Address) -> str:
    match address:
        case DhcpAddress():
            return f"ipv{address.dhcp}_dhcp"
        case SlaacAddress():
            return "ipv6_slaac"
        case _:
            return f"ipv{address.address.version}"


def _static(address: StaticAddress) -> _Record:
    return {
        "ip_address": str(address.address.ip),
        "netmask": str(address.address.netmask),
        "routes": list(_routes(address)),
    }


def _routes(address: StaticAddress) -> Iterator[_Record]:
    """The default route first, as in nova."""
    if address.gateway is not None:
        yield _route(_EVERYWHERE[address.gateway.version], address.gateway)
    for route in address.routes:
        yield _route(route.to, route.via)


def _route(to: IPNetwork, via: IPAddress) -> _Record:
    return {"network": str(to.network_address), "netmask": str(to.netmask), "gateway": str(via)}


def _dns(address: Address) -> tuple[IPAddress, ...]:
    return address.dns if isinstance(address, StaticAddress) else ()


def _services(servers: Iterator[IPAddress] | tuple[IPAddress, ...]) -> list[_Record]:
    """Each server once, in the order of mention."""
    return [{"type": "dns", "address": str(server)} for server in dict.fromkeys(servers)]
