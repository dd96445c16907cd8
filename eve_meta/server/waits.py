"""Those who wait at one interface for a change of what they read.

Each is answered anew when there is another document: a change that is none where it reads does not end its
wait. What it is told in the end is judged as a request of that moment, its token too: the document may ask
for one by then, and none is good for longer than it was made for.
"""

from collections.abc import Callable
from typing import Any, final

from attrs import frozen
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from eve_meta.exchange import Answer, Wait, too_many
from eve_meta.limits import Limits


@frozen
class _Waiting:
    wait: Wait
    end: IDelayedCall


@final
class Waits:
    """Requests that are answered later, as many as may be; they are those of a site of Twisted's, too.

    Attributes:
        on_full: called when one may not wait, since too many do.
    """

    on_full: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self,
        answer: Callable[[Any], Answer],
        send: Callable[[Any, Answer], None],
        clock: IReactorTime,
        limits: Limits,
    ) -> None:
        """Take how a request is answered, how it is sent that, a clock, and how many may wait how long."""
        self._answer = answer
        self._send = send
        self._clock = clock
        self._limits = limits
        self._waiting: dict[Any, _Waiting] = {}
        self._is_over = False

    def __len__(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def begin(self, request: Any, reply: Answer, wait: Wait) -> None:
        """Have a request wait for another reply than this one, if it may."""
        if self._is_over:
            self._send_last(request, reply)
        elif len(self) >= self._limits.waiting:
            self.on_full()
            self._send(request, too_many(self._seconds_to_next()))
        else:
            self._begin(request, wait)

    def look(self) -> None:
        """Answer those for whom something has changed."""
        for request, waiting in tuple(self._waiting.items()):
            reply = self._answer(request)
            if reply.wait != waiting.wait:
                self._forget(request)
                self._send(request, reply)

    def end(self) -> None:
        """Answer all, and have nobody wait any more: their connections end, and they ask who comes next."""
        self._is_over = True
        for request in tuple(self._waiting):
            self._forget(request)
            self._send_last(request, self._answer(request))

    def _begin(self, request: Any, wait: Wait) -> None:
        most = self._limits.wait_seconds
        seconds = most if wait.seconds is None else min(wait.seconds, most)

        def end() -> None:
            self._forget(request)
            self._send(request, self._answer(request))

        self._waiting[request] = _Waiting(wait, self._clock.callLater(seconds, end))
        request.has_waited = True
        request.end_wait = end
        request.notifyFinish().addErrback(lambda _: self._forget(request))

    def _send_last(self, request: Any, reply: Answer) -> None:
        request.keeps_alive = False
        self._send(request, reply)

    def _forget(self, request: Any) -> None:
        request.end_wait = None
        waiting = self._waiting.pop(request)
        if waiting.end.active():
            waiting.end.cancel()

    def _seconds_to_next(self) -> float:
        """After which one of them is answered, and another may wait."""
        return min(each.end.getTime() for each in self._waiting.values()) - self._clock.seconds()
