"""A stream of the links that come, go or change, from the kernel's own announcements."""

import contextlib
import errno
import socket
from typing import Self

from pyroute2.netlink import NETLINK_ROUTE
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_NEWLINK
from zope.interface import implementer

from netns import links
from netns.interfaces import Changes, IWatch
from netns.netlink import split

_RTMGRP_LINK = 1
_SO_RCVBUFFORCE = 33
_RECEIVE_BYTES = 1 << 18
_BUFFER_BYTES = 8 << 20
"""Room for the announcements of about 4000 links at once; what overflows leads to a look at everything."""


@implementer(IWatch)
class LinkWatch:
    """The links of the network namespace in which it was started."""

    def __init__(self, subscription: socket.socket) -> None:
        self._socket = subscription

    @classmethod
    def start(cls) -> Self:
        """Subscribe.

        Raises:
            OSError: the kernel refused.
        """
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        subscription = socket.socket(socket.AF_NETLINK, kind, NETLINK_ROUTE)
        with contextlib.suppress(PermissionError):
            subscription.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        subscription.bind((0, _RTMGRP_LINK))
        return cls(subscription)

    def fileno(self) -> int:
        """See `IWatch.fileno`."""
        return self._socket.fileno()

    def read(self) -> Changes:
        """See `IWatch.read`."""
        names: set[str] = set()
        is_complete = True
        while True:
            try:
                datagram = memoryview(self._socket.recv(_RECEIVE_BYTES))
            except BlockingIOError:
                return Changes(frozenset(names), is_complete)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                is_complete = False
                continue
            for reply, _ in split(datagram):
                if reply.type in (RTM_NEWLINK, RTM_DELLINK):
                    names.add(links.read(reply).name)

    def close(self) -> None:
        """See `IWatch.close`."""
        self._socket.close()
