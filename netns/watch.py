"""A stream of what comes, goes or changes, from the kernel's own announcements: links, and our tables."""

import contextlib
import errno
import select
import socket
from collections.abc import Callable
from typing import Self

from attrs import frozen
from pyroute2.netlink import NETLINK_NETFILTER, NETLINK_ROUTE
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_NEWLINK
from zope.interface import implementer

from netns import links, nftables
from netns.interfaces import Changes, IWatch
from netns.netlink import Reply, split

_RTMGRP_LINK = 1 << 0
_NFNLGRP_NFTABLES = 1 << 6  # Source: linux/netfilter/nfnetlink.h, as a bit
_SO_RCVBUFFORCE = 33
_RECEIVE_BYTES = 1 << 18
_BUFFER_BYTES = 8 << 20
"""Room for the announcements of about 4000 links at once; what overflows leads to a look at everything."""


@frozen
class _Source:
    """Announcements of one kind, and the name that each is about; None: no matter of ours."""

    subscription: socket.socket
    name_in: Callable[[Reply], str | None]


@implementer(IWatch)
class KernelWatch:
    """What happens in the network namespace in which it was started."""

    def __init__(self, *sources: _Source) -> None:
        self._sources = sources
        self._readable = select.epoll()
        for each in sources:
            self._readable.register(each.subscription, select.EPOLLIN)

    @classmethod
    def start(cls) -> Self:
        """Subscribe.

        Raises:
            OSError: the kernel refused.
        """
        return cls(
            _Source(_subscribed(NETLINK_ROUTE, _RTMGRP_LINK), _link),
            _Source(_subscribed(NETLINK_NETFILTER, _NFNLGRP_NFTABLES), nftables.interface_unsteered_by),
        )

    def fileno(self) -> int:
        """See `IWatch.fileno`."""
        return self._readable.fileno()

    def read(self) -> Changes:
        """See `IWatch.read`."""
        changes = [_read(each) for each in self._sources]
        names = frozenset().union(*(each.names for each in changes))
        return Changes(names, all(each.is_complete for each in changes))

    def close(self) -> None:
        """See `IWatch.close`."""
        self._readable.close()
        for each in self._sources:
            each.subscription.close()


def _subscribed(family: int, groups: int) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    subscription = socket.socket(socket.AF_NETLINK, kind, family)
    with contextlib.suppress(PermissionError):
        subscription.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    subscription.bind((0, groups))
    return subscription


def _read(source: _Source) -> Changes:
    names: set[str] = set()
    is_complete = True
    while True:
        try:
            datagram = memoryview(source.subscription.recv(_RECEIVE_BYTES))
        except BlockingIOError:
            return Changes(frozenset(names), is_complete)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            is_complete = False
            continue
        names.update(name for reply, _ in split(datagram) if (name := source.name_in(reply)))


def _link(reply: Reply) -> str | None:
    return links.read(reply).name if reply.type in (RTM_NEWLINK, RTM_DELLINK) else None
