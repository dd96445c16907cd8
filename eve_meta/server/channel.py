"""One guest's connection: requests are read, answered one after the other, and nothing waits for ever.

Note [Half-closed guests]
    Some clients shut their writing side down as soon as they have asked: busybox `nc` does, and Alpine's
    tiny-cloud asks for its token with it. They are answered as any other; the connection is closed when every
    request that came whole is answered.

Note [Lingering]
    A socket that is closed with bytes in it that were not read is reset, and the guest may never see what
    it was told last. So a guest that is refused is told so, and what it still sends is read and forgotten
    until it closes, or has taken too long or sent too much. Source: RFC 9112, 9.6.

Note [Slow guests]
    An answer is handed to Twisted slice by slice, as its guest takes it, and no request is answered before
    the last answer is taken. So a guest that reads nothing costs two slices, however large its user data is
    and however often it asks for it.

Note [Guests that wait for a change]
    Nobody is late meanwhile. Their bytes are read on all the same, for that tells that a guest has gone; what
    it sends behind its request is read once, and then no more until it is answered. A guest that has
    half-closed cannot be told from one that has gone: it is answered at once.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import final

from attrs import frozen
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Server
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from twisted.web.resource import IResource
from zope.interface import implementer

from eve_meta.exchange import Answer, refusal, too_many
from eve_meta.server.access import AccessLog
from eve_meta.server.asked import UNREAD, Asked
from eve_meta.server.crowd import Crowd
from eve_meta.server.parser import RequestParser
from eve_meta.server.recall import Recall, Received
from eve_meta.server.request import GuestRequest
from eve_meta.server.response import CONTINUE, head

SLICE_BYTES = 65536

LINGERING_SECONDS = 5
LINGERING_BYTES = 1024 * 1024
"""What is read and forgotten of a guest that was refused."""


@frozen(eq=False)
class _Awaited:
    """What a guest is to do next.

    Attributes:
        limit: the name of the one for the time that it may take; None: as long as it takes us.
        is_read: whether it is read from meanwhile.
    """

    limit: str | None
    is_read: bool = True


_REQUEST = _Awaited("idle_seconds")
_REST_OF_HEAD = _Awaited("head_seconds")
_REST_OF_BODY = _Awaited("body_seconds")
_TAKING = _Awaited("send_seconds", is_read=False)
_LEAVING = _Awaited(None)
_NOTHING = _Awaited(None, is_read=False)


@final
@implementer(IHalfCloseableProtocol, IPushProducer)
class GuestChannel(Protocol, TimeoutMixin):
    """One connection; see the notes above."""

    transport: Server

    def __init__(
        self,
        resource: IResource,
        crowd: Crowd,
        access: AccessLog,
        clock: IReactorTime,
        recall: Recall,
    ) -> None:
        self._clock = clock
        self._resource = resource
        self._limits = crowd.limits
        self._crowd = crowd
        self._access = access
        self._parser = RequestParser(crowd.limits, recall)
        self._received: deque[Received] = deque()
        self._request: GuestRequest | None = None
        self._awaited: _Awaited | None = None
        self._is_answering = self._is_choked = self._is_half_closed = self._is_closing = False
        self._is_reading = True
        self._has_sent_on = False
        self._asked_at = 0.0
        self._unsent = memoryview(b"")
        self._forgotten_bytes: int | None = None

    def connectionMade(self) -> None:
        """Wait for a request."""
        self.peer = self.transport.getPeer()
        self.transport.registerProducer(self, streaming=True)
        self._crowd.enter(self)
        self._wait()

    def dataReceived(self, data: bytes) -> None:
        """Answer what is whole by now."""
        if self._forgotten_bytes is None:
            self._has_sent_on = self._request is not None
            self._received += self._parser.feed(data)
            self._go_on()
            return
        self._forgotten_bytes += len(data)
        if self._forgotten_bytes > LINGERING_BYTES:
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002 - whatever it is
        """Let go of all."""
        self._is_closing = True
        self.setTimeout(None)
        self._parser.close()
        self._crowd.leave(self)
        if self._request:
            self._request.lost()

    def readConnectionLost(self) -> None:
        """Answer what came whole, then close."""
        self._is_half_closed = True
        if self._forgotten_bytes is None:
            self._end_wait()
            self._go_on()
        else:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """We have shut it ourselves: see Note [Lingering]."""

    def pauseProducing(self) -> None:
        """Answer nothing more for now: see Note [Slow guests]."""
        self._is_choked = True

    def resumeProducing(self) -> None:
        """Go on with a guest that has taken its answers."""
        self._is_choked = False
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is lost, as `connectionLost` is told."""

    def request_done(self, request: GuestRequest) -> None:
        """Send the answer of a request."""
        self._request = None
        if self._awaited is not _REQUEST:
            self._awaited = None
        now = self._clock.seconds()
        self._access.note(now, request.asked, request.code, len(request.body))
        seconds = None if request.has_waited else now - self._asked_at
        self._crowd.tally.note(request.asked.format, request.code, seconds)
        content = b"" if request.value.method == b"HEAD" else request.body
        self._send(now, request.code, request.headers, content, is_last=not request.keeps_alive)
        if not request.keeps_alive:
            self._received.clear()
            self._parser.end()
        self._go_on()

    def loseConnection(self) -> None:
        """Close once all is sent, which a guest that does not take it cannot hold up for ever."""
        if not self._is_closing:
            self._is_closing = True
            if self._forgotten_bytes is None:
                self._awaited = _TAKING
                self.transport.unregisterProducer()
            self.setTimeout(self._limits.send_seconds)
            self.transport.loseConnection()

    def abort(self) -> None:
        """Close at once, sent or not."""
        self.transport.abortConnection()

    def callLater(self, seconds: float, call: Callable[[], None]) -> IDelayedCall:
        """Have `TimeoutMixin` use the clock that we were given."""
        return self._clock.callLater(seconds, call)

    def timeoutConnection(self) -> None:
        """Close: a guest has not done in time what it was to do."""
        idle_seconds = self._clock.seconds() - self._asked_at
        if self._awaited is _REQUEST and idle_seconds < self._limits.idle_seconds:
            self.setTimeout(self._limits.idle_seconds - idle_seconds)
            return
        if self._awaited and self._awaited.limit:
            self._crowd.tally.hit(self._awaited.limit)
        if self._is_closing or self._is_choked:
            self.abort()
        else:
            self.loseConnection()

    def _go_on(self) -> None:
        """Answer as much as may be, one request after the other; then have the guest do its part."""
        if self._is_answering:
            return
        self._is_answering = True
        if self._unsent:
            self._send_on()
        while self._received and not (self._request or self._unsent or self._is_choked or self._is_closing):
            self._answer(self._received.popleft())
        self._is_answering = False
        if self._is_closing or self._forgotten_bytes is not None:
            return
        if self._request or self._received or self._unsent:
            self._wait()
        elif self._parser.refusal:
            if self._parser.limit:
                self._crowd.tally.hit(self._parser.limit)
            self._refuse(refusal(self._parser.refusal), is_head=self._parser.refuses_head)
        elif self._is_half_closed or self._parser.is_over:
            self.loseConnection()
        else:
            self._wait()

    def _answer(self, received: Received) -> None:
        self._asked_at = self._clock.seconds()
        pause = self._crowd.request_pause(self, self._asked_at)
        if pause:
            self._received.clear()
            is_head = received.request.method == b"HEAD"
            self._refuse(too_many(pause), is_head=is_head, asked=received.asked)
        else:
            self._request = GuestRequest(self, received)
            self._resource.render(self._request)
            if self._is_half_closed:
                self._end_wait()

    def _end_wait(self) -> None:
        """See Note [Guests that wait for a change]."""
        if self._request and self._request.end_wait:
            self._request.end_wait()

    def _refuse(self, answer: Answer, *, is_head: bool, asked: Asked = UNREAD) -> None:
        """Answer, and take no more requests: see Note [Lingering]."""
        now = self._clock.seconds()
        self._access.note(now, asked, answer.status, len(answer.body))
        self._crowd.tally.note(asked.format, answer.status, None)
        length = (b"Content-Length", b"%d" % len(answer.body))
        content = b"" if is_head else answer.body
        self._send(now, answer.status, (*answer.headers, length), content, is_last=True)
        self._forgotten_bytes = 0
        self._awaited = None
        self.setTimeout(LINGERING_SECONDS)
        self.transport.unregisterProducer()
        self.transport.loseWriteConnection()
        if self._is_half_closed:
            self.loseConnection()
        else:
            self._read_on(is_wanted=True)

    def _send(
        self,
        now: float,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        content: bytes,
        *,
        is_last: bool,
    ) -> None:
        if not self._is_closing:
            start = head(status, tuple(headers), int(now), is_last=is_last)
            self.transport.write(start + content[:SLICE_BYTES])
            if len(content) > SLICE_BYTES:
                self._unsent = memoryview(content)[SLICE_BYTES:]
                self._send_on()

    def _send_on(self) -> None:
        """See Note [Slow guests]."""
        while self._unsent and not self._is_choked:
            self.transport.write(bytes(self._unsent[:SLICE_BYTES]))
            self._unsent = self._unsent[SLICE_BYTES:]

    def _wait(self) -> None:
        """Have the guest do what it is to do next, within a time that does not begin anew meanwhile.

        For the next request it does, with each that is answered: that is seen to when the time is over.
        """
        awaited = self._what_to_await()
        if awaited is self._awaited:
            return
        self._awaited = awaited
        self.setTimeout(awaited.limit and getattr(self._limits, awaited.limit))
        if awaited is _REST_OF_BODY and self._parser.awaits_continue:
            self._parser.awaits_continue = False
            self.transport.write(CONTINUE)
        self._read_on(is_wanted=awaited.is_read)

    def _read_on(self, *, is_wanted: bool) -> None:
        if is_wanted == self._is_reading or self._is_half_closed:
            return
        self._is_reading = is_wanted
        if is_wanted:
            self.transport.resumeProducing()
        else:
            self.transport.pauseProducing()

    def _what_to_await(self) -> _Awaited:
        if self._request:
            is_read_on = self._request.end_wait and not self._has_sent_on
            return _LEAVING if is_read_on else _NOTHING
        if self._is_choked or self._unsent:
            return _TAKING
        if not self._parser.is_amid:
            return _REQUEST
        return _REST_OF_HEAD if self._parser.is_amid_head else _REST_OF_BODY
