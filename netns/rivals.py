"""Who else on the host has to do with the metadata addresses: it answers guests that are not attached.

A guest that is attached never reaches any of that: its frames are steered before.
"""

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from netns import links, namespaces, ruleset
from netns.listeners import listeners, process_of
from netns.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, Netlink
from netns.rules import legacy
from netns.wiring import METADATA_IPV4, METADATA_IPV6

ADDRESSES: tuple[IPv4Address | IPv6Address, ...] = (METADATA_IPV4, *METADATA_IPV6)

_NEUTRON = ("ovnmeta-", "qdhcp-", "qrouter-")
"""How the namespaces begin that neutron's metadata agents answer in. Source: OpenStack neutron."""


def rivals() -> Iterator[str]:
    """What there is, in an operator's words.

    Raises:
        NetlinkError, KernelRefusedError: the kernel refused to tell.
    """
    yield from _on_links()
    yield from _listening()
    yield from _in_rules()
    if found := [each for begin in _NEUTRON for each in namespaces.names(begin)]:
        yield f"OpenStack's neutron answers in namespaces like {found[0]}"


def _on_links() -> Iterator[str]:
    with Netlink(NETLINK_ROUTE) as route:
        for held, index in links.all_addresses(route):
            if held.ip in ADDRESSES:
                yield f"{_name(index)} has the address {held.ip}"
        for address in ADDRESSES:
            ways = links.routed_to(route, address)
            yield from (f"a route to {address} leads to {_name(each)}" for each in ways)


def _listening() -> Iterator[str]:
    for each in listeners():
        if each.address in ADDRESSES:
            yield f"{process_of(each.inode) or 'somebody'} listens at {each.address}, port {each.port}"


def _in_rules() -> Iterator[str]:
    with Netlink(NETLINK_NETFILTER) as netfilter:
        named = ruleset.naming(netfilter, ADDRESSES)
        yield from (f"rules in {chain} name {address}" for chain, address in named)
    for table, lines in legacy():
        there = (each for each in ADDRESSES if any(str(each) in line for line in lines))
        yield from (f"rules in {table} name {each}" for each in there)


def _name(index: int) -> str:
    with contextlib.suppress(OSError):
        return socket.if_indextoname(index)
    return f"the link {index}"
