"""cloud-init's network-config, version 1 -> network_data.json.

Source: https://docs.cloud-init.io/en/latest/reference/network-config-format-v1.html
"""

from eve_meta.document.addresses import ip, mac_address
from eve_meta.document.scalars import line, text
from eve_meta.imports.draft import Draft, Link, Network, Way, attach_way, bond_mode, destination
from eve_meta.imports.record import Record
from eve_meta.imports.words import address_of, addresses, mtu, prefix, vlan_id, with_prefix, words

_DYNAMIC = {
    "dhcp": "ipv4_dhcp",
    "dhcp4": "ipv4_dhcp",
    "dhcp6": "ipv6_dhcp",
    "ipv6_slaac": "ipv6_slaac",
    "ipv6_dhcpv6-stateless": "ipv6_dhcpv6-stateless",
    "ipv6_dhcpv6-stateful": "ipv6_dhcpv6-stateful",
}
_STATIC = ("static", "static6")
_LINKS = ("physical", "bond", "vlan")


def draft_of(config: Record) -> Draft:
    """What a configuration says, with a note of what network_data.json cannot."""
    draft = Draft()
    late = []
    for item in config.records("config"):
        kind = item.need("type", text)
        if kind in _LINKS:
            _add_link(draft, item, kind)
        elif kind in {"nameserver", "route"}:
            late.append((kind, item))
        elif kind != "loopback":
            item.place.tell(f"is a {kind}, which network_data.json does not have: left out")
    for kind, item in late:  # when all networks are known
        (_add_servers if kind == "nameserver" else _add_route)(draft, item)
    return draft


def _add_link(draft: Draft, item: Record, kind: str) -> None:
    name = item.need("name", line)
    mac, size = item.take("mac_address", mac_address), item.take("mtu", mtu)
    below, fields = {"physical": _physical, "bond": _bond, "vlan": _vlan}[kind](item, name)
    more = {} if size is None else {"mtu": size}
    draft.add_link(Link(place=item.place, name=name, mac=mac, fields={**fields, **more}, below=below))
    for subnet in item.records("subnets"):
        _add_subnet(draft, name, subnet)
    item.tell_rest()


def _physical(_item: Record, name: str) -> tuple[tuple[str, ...], dict[str, object]]:
    return (), {"type": "phy", "name": name}


def _bond(item: Record, _name: str) -> tuple[tuple[str, ...], dict[str, object]]:
    """With its parameters. Source: cloud-init `sources/helpers/openstack.py`, `convert_net_json`."""
    below = tuple(item.need("bond_interfaces", words))
    fields: dict[str, object] = {"type": "bond", "bond_links": list(below), "bond_mode": "balance-rr"}
    params = item.record("params")
    for name in params.names():
        written = f"bond_{name.removeprefix('bond').lstrip('-_').replace('-', '_')}"
        fields[written] = params.need(name, bond_mode if written == "bond_mode" else _plain)
    return below, fields


def _plain(value: object) -> object:
    if isinstance(value, dict):
        raise ValueError("expected a number or text, got a mapping")  # noqa: TRY004 - as all readers
    return value


def _vlan(item: Record, _name: str) -> tuple[tuple[str, ...], dict[str, object]]:
    link, number = item.need("vlan_link", line), item.need("vlan_id", vlan_id)
    return (link,), {"type": "vlan", "vlan_link": link, "vlan_id": number}


def _add_subnet(draft: Draft, link: str, subnet: Record) -> None:
    kind = subnet.need("type", text)
    if kind in _STATIC:
        netmask = _netmask(subnet)
        network = draft.add_static(link, subnet.need("address", lambda it: address_of(text(it), netmask)))
    elif kind in _DYNAMIC:
        network = draft.add_dynamic(link, _DYNAMIC[kind])
    elif kind == "manual":
        subnet.tell_rest()
        return
    else:
        subnet.place.tell(f"is a subnet of type {kind!r}, which network_data.json does not have: left out")
        return
    _add_ways(network, subnet)
    network.servers += subnet.take("dns_nameservers", addresses) or ()
    subnet.tell_rest()


def _add_ways(network: Network, subnet: Record) -> None:
    gateway = subnet.take("gateway", ip)
    if gateway is not None:
        network.ways.append(Way.out(gateway))
    for route in subnet.records("routes"):
        way = _way(route)
        if way is not None:
            network.ways.append(way)


def _way(route: Record) -> Way | None:
    """None for one that network_data.json cannot say, which is told."""
    via = route.take("gateway", ip) or route.take("via", ip)
    if via is None:
        route.place.tell("is a route without a gateway: left out")
        return None
    netmask = _netmask(route)
    name = next((each for each in ("destination", "network", "to") if each in route.names()), "destination")
    to = route.need(name, lambda it: destination(with_prefix(text(it), netmask), via))
    route.tell_rest()
    return Way(to, via)


def _netmask(record: Record) -> str | None:
    netmask, length = record.take("netmask", prefix), record.take("prefix", prefix)
    return netmask if length is None else length


def _add_servers(draft: Draft, item: Record) -> None:
    servers = item.take("address", addresses) or []
    link = item.take("interface", line)
    networks = draft.networks_of(link) if link else []
    (networks[0].servers if networks else draft.servers).extend(servers)
    item.tell_rest()


def _add_route(draft: Draft, item: Record) -> None:
    way = _way(item)
    if way is not None:
        attach_way(item.place, draft.networks, way)
