"""A stream of what comes, goes or changes: links, our tables, our namespaces and what stands in them.

Note [One socket for all namespaces]
    A netlink socket can hear of every namespace that its own one has a number for, and is told the number
    with each message. A namespace at the other end of a veth has one, which the veth's own announcement
    tells: so what happens in a namespace of ours is known by its link, whatever the number of VMs.
    A filter in the kernel lets through only the routes that can concern us: a router's would fill any buffer.
    What nobody announces (most sysctls, rules of iptables of the old kind) is found by looking, now and then.
    Source: netlink(7), NETLINK_LISTEN_ALL_NSID; do_one_broadcast() in net/netlink/af_netlink.c.
"""

import contextlib
import errno
import select
import socket
import struct
from collections.abc import Collection, Iterable, Iterator
from typing import final

from attrs import frozen
from zope.interface import implementer

from netns import filters, links, namespaces, nftables
from netns.filters import DROP, JUMP_IF_EQUAL, LOAD_BYTE, LOAD_HALF, PASS, Instruction
from netns.interfaces import Changes, IWatch
from netns.links import HostLink
from netns.names import interface_of, is_link
from netns.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, Netlink, Reply, split
from netns.rtnetlink import RTM_DELADDR, RTM_DELLINK, RTM_DELROUTE, RTM_NEWLINK, RTM_NEWNETCONF

_RTNLGRP_LINK = 1
_RTNLGRP_IPV4_IFADDR, _RTNLGRP_IPV4_ROUTE, _RTNLGRP_IPV4_NETCONF = 5, 7, 24
_RTNLGRP_IPV6_IFADDR, _RTNLGRP_IPV6_ROUTE, _RTNLGRP_IPV6_NETCONF = 9, 11, 25
_ROUTE_GROUPS = (
    _RTNLGRP_LINK,
    _RTNLGRP_IPV4_IFADDR,
    _RTNLGRP_IPV4_ROUTE,
    _RTNLGRP_IPV4_NETCONF,
    _RTNLGRP_IPV6_IFADDR,
    _RTNLGRP_IPV6_ROUTE,
    _RTNLGRP_IPV6_NETCONF,
)
_NFNLGRP_NFTABLES = 7

_SOL_NETLINK = 270
_NETLINK_ADD_MEMBERSHIP = 1
_NETLINK_LISTEN_ALL_NSID = 8
_SO_RCVBUFFORCE = 33
_RECEIVE_BYTES = 1 << 18
_ANCILLARY_BYTES = 64
_NUMBER = struct.Struct("=i")
_BUFFER_BYTES = 8 << 20
"""Room for the announcements of about 4000 links at once; what overflows leads to a look at everything."""

_TYPE_OFFSET, _DESTINATION_BITS_OFFSET = 4, 17


@implementer(IWatch)
@final
class KernelWatch:
    """What happens in the network namespace in which it was started, and in those that our links lead to."""

    def __init__(self) -> None:
        """Subscribe.

        Raises:
            PermissionError: for want of CAP_NET_BROADCAST.
            OSError: the kernel refused.
        """
        self._route = _Subscription(NETLINK_ROUTE, _ROUTE_GROUPS, _filter())
        self._netfilter = _Subscription(NETLINK_NETFILTER, (_NFNLGRP_NFTABLES,))
        self._departures = namespaces.Departures()
        self._readable = select.epoll()
        for each in (self._route, self._netfilter, self._departures):
            self._readable.register(each, select.EPOLLIN)
        self._learn_all()

    @staticmethod
    def check() -> None:
        """Subscribe to nothing, as far as that may be done.

        Raises:
            PermissionError: for want of CAP_NET_BROADCAST.
        """
        _Subscription(NETLINK_ROUTE, ()).close()

    def fileno(self) -> int:
        """See `IWatch.fileno`."""
        return self._readable.fileno()

    def read(self) -> Changes:
        """See `IWatch.read`."""
        routing, is_routing_complete = self._route.read()
        rules, is_rules_complete = self._netfilter.read()
        departed, is_departed_complete = self._departures.read()
        host_links = list(_host_links_in(routing))
        renamed = dict(self._renamed_in(host_links))
        names = {
            *(link.name for link, _ in host_links),
            *renamed,
            *(self._insides.get(each.number) for each in (*routing, *rules) if each.number is not None),
            *(nftables.interface_unsteered_by(each.reply) for each in rules if each.number is None),
            *map(interface_of, departed),
        }
        if not is_routing_complete:
            self._learn_all()
        return Changes(
            frozenset(each for each in names if each is not None),
            is_routing_complete and is_rules_complete and is_departed_complete,
            renamed,
        )

    def close(self) -> None:
        """See `IWatch.close`."""
        for each in (self._readable, self._route, self._netfilter, self._departures):
            each.close()

    def _learn_all(self) -> None:
        """Note all links, in place of those noted before."""
        self._names: dict[int, str] = {}
        self._insides: dict[int, str] = {}
        with Netlink(NETLINK_ROUTE) as route:
            for each in links.dump(route):
                index, name = links.identity(each)
                self._names[index] = name
                if is_link(name):
                    self._learn(links.read(each))

    def _learn(self, link: HostLink) -> None:
        self._names[link.index] = link.name
        if is_link(link.name) and link.peer_namespace is not None:
            self._insides[link.peer_namespace] = link.name

    def _renamed_in(self, announced: Iterable[tuple[HostLink, bool]]) -> Iterator[tuple[str, str]]:
        """Note links, or that they are gone; the names before and after of those that were renamed."""
        for link, is_gone in announced:
            before = self._names.pop(link.index, link.name)
            if not is_gone:
                self._learn(link)
                if before != link.name:
                    yield before, link.name


@frozen
class _Announcement:
    """What the kernel has told, and the number of the namespace that it is about; None for this one."""

    reply: Reply
    number: int | None


class _Subscription:
    """A socket that hears of this namespace and of all that it has numbers for."""

    def __init__(self, family: int, groups: Collection[int], program: Collection[Instruction] = ()) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, family)
        try:
            with contextlib.suppress(PermissionError):
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
            self._socket.setsockopt(_SOL_NETLINK, _NETLINK_LISTEN_ALL_NSID, 1)
            if program:
                filters.attach(self._socket, program)
            self._socket.bind((0, 0))
            for each in groups:
                self._socket.setsockopt(_SOL_NETLINK, _NETLINK_ADD_MEMBERSHIP, each)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """What is readable when there is something to read."""
        return self._socket.fileno()

    def read(self) -> tuple[list[_Announcement], bool]:
        """What was announced so far, and whether it is all; never blocks."""
        found: list[_Announcement] = []
        is_complete = True
        while True:
            try:
                datagram, ancillary, _, _ = self._socket.recvmsg(_RECEIVE_BYTES, _ANCILLARY_BYTES)
            except BlockingIOError:
                return found, is_complete
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                is_complete = False
                continue
            number = _NUMBER.unpack(ancillary[0][2])[0] if ancillary else None
            found += (_Announcement(reply, number) for reply, _ in split(datagram))

    def close(self) -> None:
        """End the subscription."""
        self._socket.close()


def _host_links_in(announced: list[_Announcement]) -> Iterator[tuple[HostLink, bool]]:
    """The links of this namespace that something is told of, and whether they are gone.

    What a bridge tells of its ports has another family.
    """
    for each in announced:
        is_link = each.reply.type in (RTM_NEWLINK, RTM_DELLINK) and each.reply.payload[0] == socket.AF_UNSPEC
        if is_link and each.number is None:
            yield links.read(each.reply), each.reply.type == RTM_DELLINK


def _filter() -> list[Instruction]:
    """Lets through links, what is set of them, and addresses and default routes that go.

    The filter's machine reads in network order what netlink writes in the host's.
    """
    kinds = (RTM_NEWLINK, RTM_DELLINK, RTM_DELADDR, RTM_NEWNETCONF)
    return [
        (LOAD_HALF, 0, 0, _TYPE_OFFSET),
        *(step for each in kinds for step in ((JUMP_IF_EQUAL, 0, 1, socket.htons(each)), PASS)),
        (JUMP_IF_EQUAL, 1, 0, socket.htons(RTM_DELROUTE)),
        DROP,
        (LOAD_BYTE, 0, 0, _DESTINATION_BITS_OFFSET),
        (JUMP_IF_EQUAL, 1, 0, 0),
        DROP,
        PASS,
    ]
