"""Goes round all interfaces, one after the other, all the time: not everything is announced."""

from collections.abc import Callable, Iterable, Iterator
from typing import final

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime

from eve_meta.agent.timers import Timers

ROUND_SECONDS = 10.0
"""How long a round takes…"""

PAUSE_SECONDS_MIN = 0.25
"""…unless there are so many interfaces that it would keep the machine busy. A look takes up to 3 ms."""


@final
class Patrol(Service):
    """Has each interface looked at in turn."""

    def __init__(
        self, served: Callable[[], Iterable[str]], look: Callable[[str], None], clock: IReactorTime
    ) -> None:
        self._served = served
        self._look = look
        self._timers = Timers(clock)
        self._round: Iterator[str] = iter(())
        self._pause = ROUND_SECONDS

    def startService(self) -> None:
        """Set out."""
        super().startService()
        self._go_on()

    def stopService(self) -> None:
        """Stay where it is."""
        super().stopService()
        self._timers.stop()

    def _go_on(self) -> None:
        interface = next(self._round, None)
        if interface is None:
            served = tuple(self._served())
            self._round = iter(served)
            self._pause = max(ROUND_SECONDS / (len(served) + 1), PAUSE_SECONDS_MIN)
        else:
            self._look(interface)
        self._timers.set("next", self._pause, self._go_on)
