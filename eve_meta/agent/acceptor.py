"""Lets clients in at a listening Unix socket, which may be older than this process and may outlive it."""

import socket
from contextlib import suppress
from typing import Any, final

from twisted.internet.interfaces import IProtocolFactory, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer


@final
@implementer(IReadDescriptor)
class Acceptor:
    """Hands each connection to a factory, from `start` to `stop`.

    Twisted's own port, when it adopts a Unix socket, lets everybody write to it, and removes its path at the
    end. Source: twisted.internet.unix.Port.
    """

    def __init__(self, reactor: Any, listening: socket.socket, factory: IProtocolFactory) -> None:
        self._reactor = reactor
        self._listening = listening
        self._factory = factory
        listening.setblocking(False)  # noqa: FBT003 - the socket module's way

    def start(self) -> None:
        """Let clients in."""
        self._reactor.addReader(self)

    def stop(self) -> None:
        """Let nobody else in; who comes now waits for whoever has the socket, too."""
        self._reactor.removeReader(self)

    def fileno(self) -> int:
        """The listening socket's descriptor."""
        return self._listening.fileno()

    def doRead(self) -> None:
        """Let in one client, unless it is gone or there is no room for it at present."""
        with suppress(OSError):
            connection, _ = self._listening.accept()
            with connection:
                connection.setblocking(False)  # noqa: FBT003 - the socket module's way
                self._reactor.adoptStreamConnection(connection.fileno(), connection.family, self._factory)

    def connectionLost(self, reason: Failure) -> None:
        """A socket that listens has no other end that could be lost."""

    def logPrefix(self) -> str:
        """What Twisted's own log calls this."""
        return "acceptor"
