"""What stands inside the namespace that the calling thread is in, and what of it is not as it should be."""

import socket
from collections.abc import Callable, Iterator

from netns import links, sysctls
from netns.links import INNER_ADDRESSES, HostLink
from netns.netlink import NETLINK_ROUTE, Netlink
from netns.wiring import INNER_LINK, INNER_MAC, Inside, Link

_ROUTED = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


def look(link: Link, differing_rules: Callable[[], tuple[str, ...]]) -> Inside:
    """What is not as it should be.

    Args:
        link: the host's end of the link that should lead here.
        differing_rules: the names of the chains or tables that are not as they should be.
    """
    with Netlink(NETLINK_ROUTE) as route:
        inner = links.find(route, INNER_LINK)
        if inner is None or inner.peer != link.index:
            return Inside((f"the link {INNER_LINK}",), is_severed=True)
        return Inside(
            (
                *_of_link(route, inner, link),
                *(f"the rules of {each}" for each in differing_rules()),
                *(f"the sysctl {each}" for each in sysctls.differing()),
            )
        )


def _of_link(route: Netlink, inner: HostLink, link: Link) -> Iterator[str]:
    if not inner.is_up:
        yield f"{INNER_LINK} being up"
    if inner.mtu != link.mtu:
        yield f"the MTU of {INNER_LINK}"
    if inner.address != INNER_MAC:
        yield f"the hardware address of {INNER_LINK}"
    there = set(links.addresses(route, inner.index))
    yield from (f"the address {each.ip}" for each in INNER_ADDRESSES if each not in there)
    routed = set(links.families_routed(route, inner.index))
    yield from (f"the {name} default route" for family, name in _ROUTED.items() if family not in routed)
