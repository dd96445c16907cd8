"""One interface's open door: its listening socket, its site, and every connection that came through it."""

import socket
from typing import TYPE_CHECKING, Any, cast, final
from uuid import UUID

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort

from eve_meta.answer import Metadata
from eve_meta.server.connection import GuestConnection
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite

if TYPE_CHECKING:
    from twisted.internet.tcp import Port


BACKLOG = 1024
"""Guests of one interface that wait to be accepted; as the agent has it, whose socket it is."""


@final
class Door(Service):
    """Answers the guests that connect to one listening socket, for as long as it runs.

    Attributes:
        site: what those guests connect to.
    """

    _port: IListeningPort

    def __init__(
        self, listening: socket.socket, resource: MetadataResource, site: GuestSite, reactor: Any
    ) -> None:
        """Take the socket over: it is closed once the door is open, which holds a descriptor of its own.

        The reactor adopts sockets and tells the time.
        """
        self.setName(resource.interface)
        self._listening = listening
        self._reactor = reactor
        self._resource = resource
        self.site = site
        self._resumption: IDelayedCall | None = None
        site.on_rush = self._let_nobody_in_for

    @property
    def vm(self) -> UUID:
        """Whose metadata is answered."""
        return self._resource.metadata.vm.uuid

    def refresh(self, metadata: Metadata) -> None:
        """Answer from this from now on, on connections that are open too."""
        self._resource.metadata = metadata

    def startService(self) -> None:
        """Listen, accept from the socket, and close our first descriptor of it."""
        super().startService()
        with self._listening as listening:
            listening.listen(BACKLOG)
            listening.setblocking(False)  # noqa: FBT003 - the socket module's way
            self._port = self._reactor.adoptStreamPort(listening.fileno(), listening.family, self.site)
        cast("Port", self._port).transport = GuestConnection

    def let_in_who_waits(self) -> None:
        """Take in the guests that wait, and no other; those that are in are answered."""
        port = cast("Port", self._port)
        self._forget_resumption()
        port.stopReading()
        port.doRead()

    def shut(self) -> None:
        """Let guests in no more, in no process.

        The socket listens no more until a door is opened with it. The kernel resets who knocks meanwhile,
        and that reset the rules in the namespace drop: so a guest knocks again.
        """
        cast("Port", self._port).socket.shutdown(socket.SHUT_RDWR)

    def stopService(self) -> Deferred[None]:
        """Stop accepting, and abort what was accepted: one open connection would hold the guest's namespace.

        Fires when the last is gone. The agent's own copy of the socket goes on listening.
        """
        super().stopService()
        return Deferred.fromCoroutine(self._close())

    async def _close(self) -> None:
        self._forget_resumption()
        await maybeDeferred(self._port.stopListening)
        await self.site.abort()

    def _let_nobody_in_for(self, seconds: float) -> None:
        """Leave guests to the kernel's backlog for a while, and those that do not fit into it."""
        if self._resumption is None:
            cast("Port", self._port).stopReading()
            self._resumption = self._reactor.callLater(seconds, self._let_in_again)

    def _let_in_again(self) -> None:
        self._resumption = None
        cast("Port", self._port).startReading()

    def _forget_resumption(self) -> None:
        if self._resumption:
            self._resumption.cancel()
            self._resumption = None
