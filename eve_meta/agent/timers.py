"""Calls that are to be made later, each under a name of its own."""

from collections.abc import Callable
from typing import final

from twisted.internet.interfaces import IDelayedCall, IReactorTime


@final
class Timers:
    """Of each name one at most, until they are stopped."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: dict[str, IDelayedCall] = {}
        self._is_stopped = False

    def __contains__(self, name: str) -> bool:
        return name in self._waiting

    def set(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Call once later, in place of what was to be called under the same name."""
        self.cancel(name)

        def fire() -> None:
            del self._waiting[name]
            call()

        if not self._is_stopped:
            self._waiting[name] = self._clock.callLater(seconds, fire)

    def cancel(self, name: str) -> None:
        """Call nothing under a name."""
        if timer := self._waiting.pop(name, None):
            timer.cancel()

    def stop(self) -> None:
        """Call nothing any more."""
        self._is_stopped = True
        for name in tuple(self._waiting):
            self.cancel(name)
