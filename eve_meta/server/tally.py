"""Counts what a server's guests ask and what they are bounded by, all of them together."""

from bisect import bisect_left
from collections import Counter
from typing import final

from eve_meta.totals import BOUNDS, FORMATS, Totals

_MICROSECONDS = 1_000_000


@final
class Tally:
    """Begins with nothing."""

    def __init__(self) -> None:
        # Not a `Counter`, which takes four times as long.
        self._answers: dict[str, dict[int, int]] = {each: {} for each in FORMATS}
        self._times = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._limits: Counter[str] = Counter()

    def note(self, of_format: str, status: int, seconds: float | None) -> None:
        """Count an answer of a format, and how long it took; None: that does not count."""
        answers = self._answers[of_format]
        answers[status] = answers.get(status, 0) + 1
        if seconds is not None:
            self._times[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def hit(self, limit: str) -> None:
        """Count that a limit, given by its name, has bounded somebody."""
        self._limits[limit] += 1

    def totals(self) -> Totals:
        """What was counted."""
        return Totals(
            answers={
                (of_format, status): count
                for of_format, answers in self._answers.items()
                for status, count in answers.items()
            },
            times=tuple(self._times),
            microseconds=round(self._seconds * _MICROSECONDS),
            limits=dict(self._limits),
        )
