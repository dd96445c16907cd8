"""One request as a resource sees it: what `MetadataResource` needs of Twisted's `IRequest`."""

from typing import TYPE_CHECKING, Any, Protocol, final

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.tcp import Server
from twisted.python.failure import Failure

from eve_meta.server.recall import Received

if TYPE_CHECKING:
    from collections.abc import Callable


class IAnsweringChannel(Protocol):
    """The connection of a request."""

    transport: Server
    peer: Any

    def request_done(self, request: "GuestRequest") -> None:
        """Send the answer of a request, which is complete."""

    def loseConnection(self) -> None:
        """Close once all is sent."""


@final
class GuestRequest:
    """A request and, bit by bit, its answer. Source: `twisted.web.iweb.IRequest`.

    Attributes:
        value: the request.
        asked: what of it is counted.
        keeps_alive: whether its connection goes on behind it.
        end_wait: answers it, if it waits for a change; None: it does not.
        has_waited: whether it does, or did.
    """

    __slots__ = (
        "_finished",
        "asked",
        "body",
        "channel",
        "code",
        "end_wait",
        "has_waited",
        "headers",
        "keeps_alive",
        "value",
    )

    def __init__(self, channel: IAnsweringChannel, received: Received) -> None:
        self.channel = channel
        self.value = received.request
        self.asked = received.asked
        self.keeps_alive = received.keeps_alive
        self.code = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.has_waited = False
        self.end_wait: Callable[[], None] | None = None
        self._finished: Deferred[None] | None = None

    def getClientAddress(self) -> Any:
        """Where it came from, as the guest wrote it."""
        return self.channel.peer

    def setResponseCode(self, code: int) -> None:
        """Answer with a status other than 200."""
        self.code = code

    def setHeader(self, name: bytes, value: bytes) -> None:
        """Add a header to the answer."""
        self.headers.append((name, value))

    def write(self, data: bytes) -> None:
        """Add to the answer's body."""
        self.body = self.body + data if self.body else data

    def finish(self) -> None:
        """Have the answer sent."""
        self.channel.request_done(self)
        if self._finished:
            self._finished.callback(None)

    def notifyFinish(self) -> "Deferred[None]":
        """Fires when the answer is sent, or fails when the guest is gone before; to be asked for once."""
        self._finished = Deferred()
        return self._finished

    def lost(self) -> None:
        """Tell who waits that the guest is gone."""
        if self._finished:
            self._finished.errback(Failure(ConnectionDone()))
