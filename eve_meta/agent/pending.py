"""What was begun and has not ended, to be waited for."""

from typing import final

from twisted.internet.defer import Deferred


@final
class Pending:
    """Counts what goes on."""

    def __init__(self) -> None:
        self._count = 0
        self._waiting: list[Deferred[None]] = []

    def begin(self) -> None:
        """One more goes on."""
        self._count += 1

    def end(self) -> None:
        """One of those has ended."""
        self._count -= 1
        self._tell()

    def ended(self) -> "Deferred[None]":
        """Fires when nothing goes on."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        self._tell()
        return waiting

    def _tell(self) -> None:
        if not self._count:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                each.callback(None)
