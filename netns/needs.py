"""What wiring needs of the host, and what to do where it is missing."""

import os
import socket
from collections.abc import Callable, Mapping

from netns import iptables, namespaces, nftables, rtnetlink
from netns.errors import MissingError
from netns.names import link_of
from netns.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, Netlink, NetlinkError
from netns.watch import KernelWatch
from netns.wiring import Steering

_TRIED = "tried"
_MTU = 1500


def _root() -> None:
    if os.geteuid() != 0:
        raise MissingError("not root", "network namespaces need it: run as root, e.g. with sudo")


def _nf_tables() -> None:
    with Netlink(NETLINK_NETFILTER) as netfilter:
        if not nftables.is_supported(netfilter):
            raise MissingError("the kernel has no nf_tables", "load it (modprobe nf_tables nft_fwd_netdev)")


def _ipv6() -> None:
    if not os.path.exists("/proc/sys/net/ipv6"):  # noqa: PTH110 - a sysctl, not a file
        raise MissingError("the kernel has no IPv6", "boot without ipv6.disable=1")


def _announcements() -> None:
    try:
        KernelWatch.check()
    except PermissionError as error:
        raise MissingError("may not hear of changes inside namespaces", "allow CAP_NET_BROADCAST") from error


NEEDS: Mapping[str, Callable[[], None]] = {
    "root": _root,
    "iptables": iptables.check,
    "nf_tables": _nf_tables,
    "IPv6": _ipv6,
    "announcements": _announcements,
}
"""What is looked for, in this order. Each raises MissingError where it is not there."""


def try_out() -> None:
    """Make a link and the rules that steer, in a namespace of no use.

    Raises:
        MissingError: the kernel does not take them.
    """
    try:
        namespaces.scratch(_steer)
    except (NetlinkError, OSError) as error:
        what = f"the kernel does not take the links and rules that steer frames ({error})"
        raise MissingError(what, "load what they take (modprobe -a veth nf_tables nft_fwd_netdev)") from error


def _steer() -> None:
    link = link_of(_TRIED)
    namespace = namespaces.own()
    try:
        with Netlink(NETLINK_ROUTE) as route, Netlink(NETLINK_NETFILTER) as netfilter:
            route.transact([rtnetlink.new_veth(_TRIED, _MTU, namespace, rtnetlink.name(link))])
            indices = map(socket.if_nametoindex, (_TRIED, link))
            netfilter.transact(nftables.addition(_TRIED, Steering(*indices)))
    finally:
        os.close(namespace)
