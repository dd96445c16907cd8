"""HTTP as one door speaks it: Twisted's, bounded, and patient with guests that hang up early.

Note [Half-closed guests]

Some clients shut their writing side down as soon as they have asked: busybox `nc` does, and Alpine's
tiny-cloud asks for its token with it. Twisted's own channel takes that for a lost connection and drops what
it has not sent. A half-closable one is told instead, and closes once every request that came whole is
answered and everything is sent. As a rule that is so at once: an answer waits only for a password to be kept.
"""

from http import HTTPStatus
from io import BytesIO
from typing import cast, final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Server
from twisted.python.failure import Failure
from twisted.web import server
from twisted.web.http import HTTPChannel, Request, datetimeToString
from twisted.web.resource import IResource
from zope.interface import implementer

from eve_meta.exchange import refusal
from eve_meta.server import limits


@final
class GuestRequest(server.Request):
    """A request with a bounded body kept in memory, which goes to the door's one resource as it came."""

    channel: "GuestChannel"
    content: BytesIO
    defaultContentType = None
    body_bytes = 0
    is_whole = False

    def gotLength(self, length: int | None) -> None:  # noqa: ARG002 - what comes counts
        """Make room for a body."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body, or only count it."""
        self.body_bytes += len(data)
        if not self.body_too_large:
            self.content.write(data)
        elif self.body_bytes > limits.MAX_DISCARDED_BODY_BYTES:
            self.channel.transport.abortConnection()

    @property
    def body_too_large(self) -> bool:
        """Whether the body is longer than a request may have; what is in `content` is then not all of it."""
        return self.body_bytes > limits.MAX_BODY_BYTES

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Let the resource answer; neither the query nor a form in the body is looked into."""
        self.method, self.uri, self.path, self.clientproto = command, path, path, version
        self.is_whole = True
        self.content.seek(0)
        self.site = self.channel.site
        self.setHeader(b"Server", b"eve-meta")
        self.setHeader(b"Date", datetimeToString())
        self.render(self.site.resource)


@final
@implementer(IHalfCloseableProtocol)
class GuestChannel(HTTPChannel):
    """One guest's connection; see Note [Half-closed guests]."""

    site: "GuestSite"
    transport: Server
    requests: list[GuestRequest]

    _is_half_closed = False

    def connectionMade(self) -> None:
        """Tell the site."""
        super().connectionMade()
        self.site.connected(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the site."""
        super().connectionLost(reason)
        self.site.disconnected(self)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002 - it is too long
        """Say so: of the request's first line or of a header."""
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if self.requests else HTTPStatus.REQUEST_URI_TOO_LONG
        )

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802 - Twisted's own has neither length nor body
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what is no request, and go on with nothing that comes behind it."""
        answer = refusal(status)
        headers = (*answer.headers, (b"Content-Length", b"%d" % len(answer.body)), (b"Connection", b"close"))
        lines = (
            b"HTTP/1.1 %d %s" % (status, status.phrase.encode()),
            *map(b": ".join, headers),
            b"",
            answer.body,
        )
        self.transport.write(b"\r\n".join(lines))
        self.loseConnection()

    def readConnectionLost(self) -> None:
        """Send what is to be sent, then close."""
        self._is_half_closed = True
        self._close_if_done()

    def requestDone(self, request: Request) -> None:
        """Answer the next one that came meanwhile."""
        super().requestDone(request)
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._is_half_closed and not any(request.is_whole for request in self.requests):
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """We never shut down our writing side alone."""

    def loseConnection(self) -> None:
        """Close once all is sent, which a guest that does not read must not hold up for ever."""
        super().loseConnection()
        self.setTimeout(limits.CLOSING_SECONDS)

    def timeoutConnection(self) -> None:
        """Close, or abort if closing took too long; a guest's idleness is not worth a line in the log."""
        if self.transport.disconnecting:
            self.transport.abortConnection()
        else:
            self.loseConnection()


@final
class GuestSite(server.Site):
    """A site that knows its connections, so that all can be ended; without access log or timers."""

    protocol = GuestChannel  # type: ignore[assignment] # the stock one is a wrapper that can switch to HTTP/2
    requestFactory = GuestRequest
    noisy = False

    def __init__(self, resource: IResource, reactor: IReactorTime) -> None:
        super().__init__(resource, timeout=limits.IDLE_SECONDS, reactor=reactor)
        self._channels: set[GuestChannel] = set()
        self._empty: Deferred[None] | None = None

    def buildProtocol(self, addr: IAddress | None) -> GuestChannel | None:  # type: ignore[override] # no wrapper
        """A channel for a new connection, or None if the guest has enough of them."""
        if len(self._channels) >= limits.MAX_CONNECTIONS:
            return None
        return cast("GuestChannel", super().buildProtocol(addr))

    def connected(self, channel: GuestChannel) -> None:
        """Know of a new connection."""
        self._channels.add(channel)

    def disconnected(self, channel: GuestChannel) -> None:
        """Forget a connection that has ended."""
        self._channels.discard(channel)
        if self._empty is not None and not self._channels:
            self._empty.callback(None)
            self._empty = None

    async def abort(self) -> None:
        """End every connection at once, sent or not, and return when all of them are gone."""
        for channel in tuple(self._channels):
            channel.transport.abortConnection()
        if self._channels:
            self._empty = Deferred()
            await self._empty

    def startFactory(self) -> None:
        """Without Twisted's clock for an access log, which ticks each second at each door."""

    def stopFactory(self) -> None:
        """Nothing was started."""

    def log(self, request: Request) -> None:
        """Nothing: what a guest asks for is between it and us."""
