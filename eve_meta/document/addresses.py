"""Addresses in a document: each function reads plain data, or raises ValueError with what would be right."""

import re
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network

from eve_meta.document.scalars import expected, like, text
from eve_meta.vm import Family, IPAddress, IPInterface, IPNetwork, MacAddress

_MAC = re.compile(r"[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}", re.IGNORECASE)
_INTERFACE = re.compile(r"[^/%]+/[0-9]+")


def mac_address(value: object) -> MacAddress:
    """The address of one NIC, made lower-case, with colons."""
    mac = like(_MAC, value, "a MAC address like fa:16:3e:00:00:01").lower().replace("-", ":")
    if int(mac[:2], 16) & 1:
        raise ValueError(f"{mac} is a group's address, not a NIC's")
    return MacAddress(mac)


def ip(value: object) -> IPAddress:
    """An address of either family, without a zone."""
    address = _without_zone(value)
    try:
        return ip_address(address)
    except ValueError as error:
        raise expected("an IP address", value) from error


def ipv4(value: object) -> IPv4Address:
    """An address of the older family."""
    address = ip(value)
    if not isinstance(address, IPv4Address):
        raise expected("an IPv4 address", value)
    return address


def interface(value: object) -> IPInterface:
    """An address with the length of its network's prefix."""
    what = "an IP address with its prefix, like 10.0.0.5/24"
    try:
        return ip_interface(like(_INTERFACE, value, what))
    except ValueError as error:
        raise expected(what, value) from error


def network(value: object) -> IPNetwork:
    """A network: no bit of its address beyond the prefix is set."""
    what = "a network, like 10.1.0.0/16"
    content = like(_INTERFACE, value, what)
    try:
        wide = ip_network(content, strict=False)
    except ValueError as error:
        raise expected(what, value) from error
    if wide.network_address != ip_address(content.partition("/")[0]):
        raise ValueError(f"{content} has bits beyond its prefix: did you mean {wide}?")
    return wide


def family(value: object) -> Family:
    """A version of the Internet Protocol."""
    if isinstance(value, bool) or not isinstance(value, int) or value not in tuple(Family):
        raise expected("4 or 6", value)
    return Family(value)


def _without_zone(value: object) -> str:
    address = text(value)
    if "%" in address:
        raise ValueError(f"{address}: a zone has no meaning in another host")
    return address
