"""Looks that can wait until nobody asks for anything: of many attaches none is held up by those before it."""

from collections.abc import Callable
from itertools import islice
from typing import final

from twisted.internet.interfaces import IReactorTime

from eve_meta.agent.timers import Timers

QUIET_SECONDS = 0.25
"""Since somebody has asked. Where there is no such time, the patrol comes by all the same."""

AT_ONCE = 4
PAUSE_SECONDS = 0.025
"""Between so many looks and the next ones: who asks meanwhile waits for those alone."""

_NAME = "postponed looks"
"""Of the timer; no interface's name has a space."""


@final
class Postponed:
    """Interfaces that are to be looked at, later."""

    def __init__(self, look: Callable[[str], None], clock: IReactorTime, timers: Timers) -> None:
        self._look = look
        self._clock = clock
        self._timers = timers
        self._interfaces: dict[str, None] = {}
        self._quiet_from = 0.0

    def __contains__(self, interface: str) -> bool:
        return interface in self._interfaces

    def disturb(self) -> None:
        """Note that somebody asks for something now."""
        self._quiet_from = self._clock.seconds() + QUIET_SECONDS

    def add(self, interface: str) -> None:
        """Have an interface looked at."""
        self._interfaces[interface] = None
        if _NAME not in self._timers:
            self._go_on()

    def discard(self, interface: str) -> None:
        """Do not look at an interface."""
        self._interfaces.pop(interface, None)

    def _go_on(self) -> None:
        """Have some looked at, if it is quiet, and go on after a while."""
        if self._clock.seconds() >= self._quiet_from:
            for each in tuple(islice(self._interfaces, AT_ONCE)):
                del self._interfaces[each]
                self._look(each)
        if self._interfaces:
            seconds = max(self._quiet_from - self._clock.seconds(), PAUSE_SECONDS)
            self._timers.set(_NAME, seconds, self._go_on)
