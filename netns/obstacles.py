"""What else sees an interface's frames and may take them away: programs, filters and rules of others.

The kernel shows a frame that comes in to generic XDP, then to tcx, then to tc's filters, then to nftables'
ingress hooks by their priorities: what is there before ours is looked for, and what sees frames that go out.
XDP in a driver comes before all that.
Source: __netif_receive_skb_core() and __dev_queue_xmit() in net/core/dev.c, Linux 6.18.
"""

from collections.abc import Collection, Iterator

from netns import bpf, links, nftables, ruleset, traffic_control
from netns.names import link_of
from netns.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, Netlink


def obstacles(interfaces: Collection[str]) -> Iterator[tuple[str, str]]:
    """Interfaces, and what there is in an operator's words, at the port or the link into the namespace.

    Raises:
        NetlinkError: the kernel refused to tell.
    """
    of = {name: each for each in interfaces for name in (each, link_of(each))}
    with Netlink(NETLINK_ROUTE) as route, Netlink(NETLINK_NETFILTER) as netfilter:
        for name, words in (*_on_links(route, frozenset(of)), *_in_rules(netfilter)):
            if name in of:
                yield of[name], f"{words} of {name}"


def _on_links(route: Netlink, names: Collection[str]) -> Iterator[tuple[str, str]]:
    hooked = frozenset(traffic_control.hooked(route))
    for reply in links.dump(route):
        index, name = links.identity(reply)
        if name in names:
            if program := links.xdp_program(reply):
                yield name, f"the XDP program {program}"
            filters = traffic_control.filters(route, index) if index in hooked else ()
            yield from ((name, f"tc's {direction} filter {kind}") for direction, kind in filters)
            programs = bpf.tcx_programs(index)
            yield from ((name, f"the {direction} program {number} of tcx") for direction, number in programs)


def _in_rules(netfilter: Netlink) -> Iterator[tuple[str, str]]:
    for each in ruleset.hooks(netfilter):
        is_on_the_way = each.direction == "egress" or each.priority <= nftables.PRIORITY
        if each.takes and is_on_the_way:
            words = f"chain {each.chain} of the nftables table {each.table} at the {each.direction}"
            yield from ((name, words) for name in each.links)
