"""`/v1/events`: what has changed, and what changes while somebody follows, a line of JSON for each event."""

import re
from collections.abc import Mapping
from typing import Any, final

from attrs import frozen
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from eve_meta.agent.control_request import ControlRequest
from eve_meta.agent.control_resource import AsItIs, ControlResource, Verb
from eve_meta.agent.events import Events
from eve_meta.agent.refusal import RequestError

_LINES = "application/jsonl"

_NUMBER = re.compile(rb"[0-9]{1,17}")
_FLAGS = {b"true": True, b"false": False}


class EventStream(ControlResource):
    """What the agent tells of."""

    def __init__(self, events: Events) -> None:
        super().__init__()
        self._events = events
        self._followed: set[_Followed] = set()

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._read}

    def end(self) -> None:
        """Let go of all who follow."""
        for each in tuple(self._followed):
            each.end()

    async def _read(self, request: ControlRequest) -> object:
        queried = request.queried(b"since", b"follow")
        since = queried.get(b"since", b"0")
        if not _NUMBER.fullmatch(since):
            raise RequestError("query", "since: must be the number of an event, or 0")
        follow = _FLAGS.get(queried.get(b"follow", b"false"))
        if follow is None:
            raise RequestError("query", "follow: must be true or false")
        told = b"".join(self._events.since(int(since)))
        if not follow or request.method == b"HEAD":
            return AsItIs(told, _LINES)
        return _Following(self, told)

    def begin(self, request: ControlRequest, told: bytes) -> None:
        """Send what was told, and go on with what follows."""
        followed = _Followed(request)
        self._followed.add(followed)
        unfollow = self._events.follow(followed.tell)

        def forget(_: object) -> None:
            unfollow()
            self._followed.discard(followed)

        request.notifyFinish().addBoth(forget)
        request.setHeader("Content-Type", _LINES)
        request.registerProducer(followed, True)  # noqa: FBT003 - Twisted's way
        request.write(told)


@final
@frozen
class _Following:
    """The answer to who follows: it has no end of its own."""

    _stream: EventStream
    _told: bytes

    def send(self, request: ControlRequest) -> None:
        """Begin it."""
        self._stream.begin(request, self._told)


@final
@implementer(IPushProducer)
class _Followed:
    """Somebody who follows; who does not keep up is let go, and can ask for what came since."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._keeps_up = True

    def tell(self, line: bytes) -> None:
        """Send an event."""
        if self._keeps_up:
            self._request.write(line)
        else:
            self._request.transport.abortConnection()

    def end(self) -> None:
        """Tell no more."""
        self._request.unregisterProducer()
        self._request.finish()

    def pauseProducing(self) -> None:
        """Called by Twisted when what was told piles up."""
        self._keeps_up = False

    def resumeProducing(self) -> None:
        """Called by Twisted when it has been read."""
        self._keeps_up = True

    def stopProducing(self) -> None:
        """Called by Twisted when the client has gone."""
