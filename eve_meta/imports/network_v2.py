"""cloud-init's network-config, version 2 (netplan's) -> network_data.json.

Source: https://docs.cloud-init.io/en/latest/reference/network-config-format-v2.html
"""

from eve_meta.document.addresses import ip, mac_address
from eve_meta.document.scalars import line, sequence, text
from eve_meta.imports.draft import Draft, Link, Way, attach_way, bond_mode, destination
from eve_meta.imports.record import Record
from eve_meta.imports.words import address_of, addresses, mtu, truth, vlan_id, words
from eve_meta.vm import IPInterface, MacAddress

_BOND = {
    "mii-monitor-interval": "miimon",
    "transmit-hash-policy": "xmit_hash_policy",
    "gratuitous-arp": "num_grat_arp",
    "gratuitious-arp": "num_grat_arp",
    "up-delay": "updelay",
    "down-delay": "downdelay",
    "fail-over-mac-policy": "fail_over_mac",
    "primary-reselect-policy": "primary_reselect",
}
"""Parameters of bonds with another name. Source: cloud-init `net/network_state.py`, `NET_CONFIG_TO_V2`."""

_Made = tuple[tuple[str, ...], dict[str, object]]


def draft_of(config: Record) -> Draft:
    """What a configuration says, with a note of what network_data.json cannot."""
    draft = Draft()
    for kind, read in {"ethernets": _ethernet, "bonds": _bond, "vlans": _vlan}.items():
        for device in config.record(kind).named():
            name = str(device.place.path[-1])
            below, fields = read(device, name)
            _add(draft, device, name, below, fields)
    config.tell_rest("network_data.json does not have that: left out")
    return draft


def _add(draft: Draft, device: Record, name: str, below: tuple[str, ...], fields: dict[str, object]) -> None:
    mac, size = _mac(device), device.take("mtu", mtu)
    more = {} if size is None else {"mtu": size}
    draft.add_link(Link(place=device.place, name=name, mac=mac, fields={**fields, **more}, below=below))
    _add_dynamic(draft, device, name)
    _add_static(draft, device, name)
    _add_ways(draft, device, name)
    _add_servers(draft, device, name)
    device.tell_rest()


def _mac(device: Record) -> MacAddress | None:
    """By which a NIC is known, or else the one that it is to have."""
    match = device.record("match")
    known = match.take("macaddress", mac_address)
    match.tell_rest("a document knows a NIC by its MAC address alone: left out")
    return known or device.take("macaddress", mac_address)


def _ethernet(device: Record, _name: str) -> _Made:
    name = device.take("set-name", line)
    return (), {"type": "phy", **({"name": name} if name else {})}


def _bond(device: Record, _name: str) -> _Made:
    below = tuple(device.need("interfaces", words))
    fields: dict[str, object] = {"type": "bond", "bond_links": list(below), "bond_mode": "balance-rr"}
    parameters = device.record("parameters")
    for name in parameters.names():
        written = f"bond_{_BOND.get(name, name.replace('-', '_'))}"
        fields[written] = parameters.need(name, bond_mode if written == "bond_mode" else lambda it: it)
    return below, fields


def _vlan(device: Record, _name: str) -> _Made:
    link, number = device.need("link", line), device.need("id", vlan_id)
    return (link,), {"type": "vlan", "vlan_link": link, "vlan_id": number}


def _add_dynamic(draft: Draft, device: Record, name: str) -> None:
    is_dhcp6 = device.take("dhcp6", truth)
    if device.take("dhcp4", truth):
        draft.add_dynamic(name, "ipv4_dhcp")
    if is_dhcp6:
        draft.add_dynamic(name, "ipv6_dhcp")
    if "accept-ra" not in device.names():
        return
    does_listen = device.take("accept-ra", truth)
    if does_listen and not is_dhcp6:
        draft.add_dynamic(name, "ipv6_slaac")
    elif not does_listen:
        device.place.at("accept-ra").tell("network_data.json cannot forbid that: left out")


def _add_static(draft: Draft, device: Record, name: str) -> None:
    place = device.place.at("addresses")
    for number, each in enumerate(device.take("addresses", sequence) or ()):
        where = place.at(number)
        options = (
            each if isinstance(each, dict) else {where.read(text, each): {}}
        )  # netplan may say more of one
        for address, more in options.items():
            draft.add_static(name, where.read(_address, address))
            Record(where.at(address), more or {}).tell_rest()


def _address(value: object) -> IPInterface:
    return address_of(text(value), None)


def _add_ways(draft: Draft, device: Record, name: str) -> None:
    for field in ("gateway4", "gateway6"):
        gateway = device.take(field, ip)
        if gateway is not None:
            attach_way(device.place.at(field), draft.networks_of(name), Way.out(gateway))
    for route in device.records("routes"):
        _add_route(draft, route, name)


def _add_route(draft: Draft, route: Record, name: str) -> None:
    via = route.take("via", ip)
    if via is None:
        route.place.tell("is a route without a gateway: left out")
        return
    to = route.need("to", lambda it: destination(text(it), via))
    attach_way(route.place, draft.networks_of(name), Way(to, via))
    route.tell_rest()


def _add_servers(draft: Draft, device: Record, name: str) -> None:
    nameservers = device.record("nameservers")
    servers = nameservers.take("addresses", addresses) or []
    networks = draft.networks_of(name)
    static = [each for each in networks if each.address] or networks
    (static[0].servers if static else draft.servers).extend(servers)
    nameservers.tell_rest()
