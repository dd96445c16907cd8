"""Where guests come in: a listening socket, and a connection for each who connects.

Twisted's own port looks up how each guest's IPv6 address is written, describes each connection for a log, and
turns guests away when there are no descriptors. Here they wait in the kernel's backlog, as they do when they
come too fast.
"""

import errno
import os
import socket
from typing import Any, final

from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eve_meta.server.connection import GuestConnection
from eve_meta.server.site import GuestSite

BACKLOG = 1024
"""Guests of one interface that wait to be let in; as the agent has it, whose socket it is."""

FULL_SECONDS = 0.5
"""Between two attempts to let somebody in when there is no room: who waits keeps the socket readable."""

_AT_ONCE = 16
"""Before others than those who come in have their turn."""

_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""Source: accept(2)."""


@final
@implementer(IReadDescriptor)
class Entrance:
    """Lets guests in to a site, from `open` to `close`; the socket is its own."""

    _log = Logger()

    def __init__(self, listening: socket.socket, site: GuestSite, reactor: Any) -> None:
        self._listening = listening
        self._site = site
        self._reactor = reactor
        self._is_letting_in = False
        self._resumption: IDelayedCall | None = None
        self._is_full = False
        site.on_rush = self.pause

    def open(self) -> None:
        """Let guests in."""
        self._listening.listen(BACKLOG)
        self._listening.setblocking(False)  # noqa: FBT003 - the socket module's way
        self._let_in()

    def let_in_who_waits(self) -> None:
        """Let in the guests that wait, and no other."""
        self._let_nobody_in()
        while self._let_one_in():
            pass

    def pause(self, seconds: float) -> None:
        """Leave guests to the backlog for a while, and those that do not fit into it."""
        if self._is_letting_in:
            self._let_nobody_in()
            self._resumption = self._reactor.callLater(seconds, self._let_in)

    def shut(self) -> None:
        """Have the kernel let nobody connect, in no process, until somebody listens again.

        The kernel resets who knocks meanwhile, and that reset the rules in the namespace drop: so a guest
        knocks again.
        """
        self._listening.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let nobody in any more; whoever else has the socket goes on listening."""
        self._let_nobody_in()
        self._listening.close()

    def fileno(self) -> int:
        """What the reactor watches."""
        return self._listening.fileno()

    def doRead(self) -> None:
        """Let in some of those who wait."""
        for _ in range(_AT_ONCE):
            if not (self._is_letting_in and self._let_one_in()):
                break

    def connectionLost(self, reason: Failure) -> None:
        """Not used: a listening socket has no other end."""

    def logPrefix(self) -> str:
        """What Twisted's own log calls this."""
        return "entrance"

    def _let_one_in(self) -> bool:
        """Whether there was somebody, and room."""
        try:
            connection, address = self._listening.accept()
        except BlockingIOError:
            self._is_full = False
            return False
        except OSError as error:
            if error.errno in _NO_ROOM:
                self._wait_for_room(os.strerror(error.errno))
            return False
        channel = self._site.buildProtocol(None)
        channel.makeConnection(GuestConnection(connection, channel, address, self._reactor))
        return True

    def _wait_for_room(self, reason: str) -> None:
        if not self._is_full:
            self._is_full = True
            self._log.warn("guests wait to be let in: {reason}", reason=reason)
        self.pause(FULL_SECONDS)

    def _let_in(self) -> None:
        self._resumption = None
        self._is_letting_in = True
        self._reactor.addReader(self)

    def _let_nobody_in(self) -> None:
        self._is_letting_in = False
        self._reactor.removeReader(self)
        if self._resumption:
            self._resumption.cancel()
            self._resumption = None
