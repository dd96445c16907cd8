"""Lets clients in at a listening Unix socket, which may be older than this process and may outlive it."""

import errno
import os
import socket
from collections.abc import Callable
from typing import Any, final

from twisted.internet.interfaces import IDelayedCall, IProtocolFactory
from twisted.logger import Logger

from eve_meta.agent.readable import Readable

PAUSE_SECONDS = 0.5
"""Between two attempts to let somebody in when there is no room: who waits keeps the socket readable."""

_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""Source: accept(2)."""


@final
class Acceptor:
    """Hands each connection to a factory, from `start` to `stop`.

    Twisted's own port, when it adopts a Unix socket, lets everybody write to it, and removes its path at the
    end. Source: twisted.internet.unix.Port.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        listening: socket.socket,
        factory: IProtocolFactory,
        has_room: Callable[[], bool],
    ) -> None:
        self._reactor = reactor
        self._listening = listening
        self._factory = factory
        self._readable = Readable(listening.fileno(), self._let_in)
        self._pause: IDelayedCall | None = None
        self._has_room = has_room
        self._is_full = False
        listening.setblocking(False)  # noqa: FBT003 - the socket module's way

    def start(self) -> None:
        """Let clients in."""
        self._reactor.addReader(self._readable)

    def stop(self) -> None:
        """Let nobody else in; who comes now waits for whoever has the socket, too."""
        self._reactor.removeReader(self._readable)
        if self._pause and self._pause.active():
            self._pause.cancel()

    def _let_in(self) -> None:
        """Let in one client, unless it is gone or there is no room for it at present."""
        if not self._has_room():
            self._wait("there are too many clients")
            return
        try:
            # Twisted adopts a copy: nobody is let in who would be dropped for want of a second descriptor.
            with self._listening.dup():
                connection, _ = self._listening.accept()
            with connection:
                connection.setblocking(False)  # noqa: FBT003 - the socket module's way
                self._reactor.adoptStreamConnection(connection.fileno(), connection.family, self._factory)
        except OSError as error:
            if error.errno in _NO_ROOM:
                self._wait(os.strerror(error.errno))
            return
        if self._is_full:
            self._is_full = False
            self._log.info("the control socket lets clients in again")

    def _wait(self, reason: str) -> None:
        if not self._is_full:
            self._is_full = True
            self._log.warn("the control socket lets nobody in: {reason}", reason=reason)
        self._reactor.removeReader(self._readable)
        self._pause = self._reactor.callLater(PAUSE_SECONDS, self.start)
