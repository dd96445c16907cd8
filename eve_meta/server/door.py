"""One interface's open door: its listening socket, its site, and every connection that came through it."""

import socket
from typing import TYPE_CHECKING, cast, final
from uuid import UUID

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IReactorSocket, IReactorTime

from eve_meta.answer import Metadata
from eve_meta.server import limits
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite

if TYPE_CHECKING:
    from twisted.internet.tcp import Port


@final
class Door(Service):
    """Answers the guests that connect to one listening socket, for as long as it runs.

    Attributes:
        site: what those guests connect to.
    """

    _port: IListeningPort

    def __init__(
        self,
        listening: socket.socket,
        resource: MetadataResource,
        reactor: IReactorSocket,
        clock: IReactorTime,
    ) -> None:
        """Take the socket over: it is closed once the door is open, which holds a descriptor of its own."""
        self.setName(resource.interface)
        self._listening = listening
        self._reactor = reactor
        self._resource = resource
        self.site = GuestSite(resource, clock)

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
            listening.listen(limits.BACKLOG)
            listening.setblocking(False)  # noqa: FBT003 - the socket module's way
            self._port = self._reactor.adoptStreamPort(
                listening.fileno(),
                listening.family,
                self.site,  # type: ignore[arg-type] # Twisted's factories are invariant in their protocol
            )

    def let_in_who_waits(self) -> None:
        """Take in the guests that wait, and no other; those that are in are answered."""
        port = cast("Port", self._port)
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
        await maybeDeferred(self._port.stopListening)
        await self.site.abort()
