"""Tells how each of many things ended, as a bar on a terminal, else in a line each; then how many did."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

REFUSED = "refused"
_CLEAR_LINE = "\r\x1b[K"


def attached(status: Any) -> str:
    """What is told of an interface that is attached."""
    took = "" if status["took_ms"] is None else f", {status['took_ms']:.0f} ms"
    return f"{status['interface']}: attached (uuid {status['uuid']}, revision {status['revision']}{took})"


class Telling:
    """What has ended so far, of a known number of things: counted first, as telling may be interrupted.

    Attributes:
        ended: how many there are of each end, such as "attached" or "refused".
    """

    def __init__(self, bar: Any, *, in_json: bool) -> None:
        self.ended: Counter[str] = Counter()
        self._bar = bar
        self._in_json = in_json

    @property
    def exit_code(self) -> int:
        """1 if any was refused, else 0."""
        return int(self.ended[REFUSED] > 0)

    def done(self, end: str, line: str, answer: object = None) -> None:
        """Tell that one was done, how it ended, and what the agent has answered."""
        self.ended[end] += 1
        if self._in_json:
            click.echo(json.dumps(answer))
        elif self._bar.hidden:
            click.echo(line)
        self._bar.update(1)

    def refused(self, subject: tuple[str, ...], error: click.ClickException) -> None:
        """Tell that one was refused, and why."""
        self.ended[REFUSED] += 1
        blank = "" if self._bar.hidden else _CLEAR_LINE
        message = ": ".join(("eve-meta", *subject, error.format_message()))
        click.echo(blank + " ".join(message.split()), err=True)
        self._bar.update(1)


@contextmanager
def telling(wish: str, count: int, *, in_json: bool) -> Iterator[Telling]:
    """Tell of so many that are to be, say, "attached"; how many are is told also if it is cut short."""
    is_seen = sys.stdout.isatty() and sys.stderr.isatty() and not in_json
    bar = click.progressbar(length=count, label=wish, show_pos=True, file=sys.stderr, hidden=not is_seen)
    told = Telling(bar, in_json=in_json)
    try:
        with bar:
            yield told
    finally:
        if not in_json:
            click.echo(_summary(wish, told.ended, count))


def _summary(wish: str, ended: Counter[str], count: int) -> str:
    words = (wish, *sorted(ended.keys() - {wish, REFUSED}), REFUSED)
    parts = [f"{ended[each]} {each}" for each in words if ended[each] or each == wish]
    left = count - ended.total()
    return ", ".join([*parts, *([f"{left} not waited for (see 'eve-meta list')"] if left else [])])
