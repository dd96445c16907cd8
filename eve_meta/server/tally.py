"""Counts what a server's guests ask and what they are bounded by, all of them together."""

from bisect import bisect_left
from collections import Counter
from typing import final

from eve_meta.exchange import Request
from eve_meta.totals import BOUNDS, FORMATS, Totals

_UNREAD = FORMATS.index("none")
_EC2 = FORMATS.index("ec2")
_TREES = {each.encode(): FORMATS.index(each) for each in ("openstack", "nocloud", "eve")}
_MICROSECONDS = 1_000_000


@final
class Tally:
    """Begins with nothing."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[int, int]] = Counter()
        self._times = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._limits: Counter[str] = Counter()
        self._last: Request | None = None
        self._format = _UNREAD

    def note(self, request: Request | None, status: int, seconds: float | None) -> None:
        """Count an answer, and how long it took; None: the request was not read, the time does not count."""
        if request is not self._last:
            self._last, self._format = request, _format(request)
        self._answers[self._format, status] += 1
        if seconds is not None:
            self._times[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def hit(self, limit: str) -> None:
        """Count that a limit, given by its name, has bounded somebody."""
        self._limits[limit] += 1

    def totals(self) -> Totals:
        """What was counted."""
        return Totals(
            answers={(FORMATS[each], status): count for (each, status), count in self._answers.items()},
            times=tuple(self._times),
            microseconds=round(self._seconds * _MICROSECONDS),
            limits=dict(self._limits),
        )


def _format(request: Request | None) -> int:
    """What is of no other tree is of EC2, as with nova."""
    if request is None:
        return _UNREAD
    tree = request.target.lstrip(b"/").partition(b"/")[0].partition(b"?")[0]
    return _TREES.get(tree, _EC2)
