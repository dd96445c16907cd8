"""Lets clients in at the control socket, and out again.

What was asked before it stops is carried out and answered, if that does not take long.
"""

from contextlib import suppress
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from eve_meta.agent.acceptor import Acceptor
from eve_meta.agent.control import ControlSite
from eve_meta.agent.control_socket import ControlSocket
from eve_meta.agent.events import Events
from eve_meta.agent.pending import Pending
from eve_meta.agent.status import IAgent

CLIENTS_MAX = 512
"""More wait in the backlog, so that guests' sockets never want for descriptors."""

ASKING_SECONDS = 0.1
"""How long an agent that stops waits for those who are connected to ask…"""

FINISHING_SECONDS = 2.0
"""…then goes on with what it was asked…"""

READING_SECONDS = 0.5
"""…and then waits for those who read slowly."""


class _Clients(WrappingFactory):
    """Knows who is connected."""

    noisy = False

    def __init__(self, site: ControlSite) -> None:
        super().__init__(site)
        self.connected = Pending()

    def has_room(self) -> bool:
        """Whether one more may be connected."""
        return len(self.protocols) < CLIENTS_MAX

    def registerProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802 - Twisted's
        """Called by Twisted when a client is there."""
        super().registerProtocol(p)
        self.connected.begin()

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802 - Twisted's
        """Called by Twisted when a client has gone."""
        super().unregisterProtocol(p)
        self.connected.end()


class ControlService(Service):
    """Lets clients in while it runs; none outlives it, nor does the socket."""

    def __init__(
        self,
        reactor: Any,
        clock: IReactorTime,
        agent: IAgent,
        events: Events,
        control_socket: ControlSocket,
    ) -> None:
        """Take a reactor that watches descriptors, a clock, who is asked and what it tells, a socket."""
        self._clock = clock
        self._socket = control_socket
        self._site = ControlSite(agent, events, clock)
        self._factory = _Clients(self._site)
        self._acceptor = Acceptor(reactor, control_socket.listening, self._factory, self._factory.has_room)

    def startService(self) -> None:
        """Let in who waits, and who comes."""
        self._acceptor.start()
        super().startService()

    def stopService(self) -> "Deferred[None]":
        """Fires when nobody else is let in, and those who asked are answered, or let go."""
        if not self.running:
            return succeed(None)
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._acceptor.stop()
        self._socket.close()
        self._site.events.end()
        await self._until(self._factory.connected.ended(), ASKING_SECONDS)
        await self._until(self._site.answering.ended(), FINISHING_SECONDS)
        for client in list(self._factory.protocols):
            client.transport.loseConnection()
        await self._until(self._factory.connected.ended(), READING_SECONDS)
        for client in list(self._factory.protocols):
            client.transport.abortConnection()

    async def _until(self, ended: "Deferred[None]", seconds: float) -> None:
        """Return when something has ended, or after a time."""
        with suppress(TooLateError):
            await ended.addTimeout(seconds, self._clock)
