"""Lets guests of the crowd boot, in a process of their own, and tells how long they waited."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen

from tests.bench import crowd
from tests.bench.boots import Booted
from tests.bench.figures import percentiles

_PROGRAM = ("ip", "netns", "exec", crowd.NAMESPACE, sys.executable, "-m", "tests.bench.boots")


@frozen(kw_only=True)
class Waits:
    """How long requests took that were answered, and what of those that were not.

    Attributes:
        percentiles_ms: from the 1st to the 99th.
        seconds: from the first request's begin to the last one's end.
        asker_us: CPU time of the one who asked, for each.
    """

    requests: int
    failures: tuple[str, ...]
    percentiles_ms: tuple[float, ...]
    max_ms: float
    seconds: float
    asker_us: float

    @property
    def p50_ms(self) -> float:
        """Half of them took no longer."""
        return self.percentiles_ms[49]

    @property
    def p99_ms(self) -> float:
        """One in a hundred took longer."""
        return self.percentiles_ms[98]


def once(count: int, spread_seconds: float) -> Waits:
    """The first so many guests boot, all within a time."""
    done = subprocess.run(
        [*_PROGRAM, "0", str(count), str(spread_seconds)], stdout=subprocess.PIPE, check=True
    )
    return _waits(done.stdout)


@contextmanager
def repeatedly(guests: Sequence[int], spread_seconds: float, pause_seconds: float) -> Iterator[list[Waits]]:
    """Neighbouring guests boot again and again; the list has how long they waited after the `with` block."""
    found: list[Waits] = []
    arguments = (guests[0], len(guests), spread_seconds, pause_seconds)
    with subprocess.Popen(
        [*_PROGRAM, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield found
        told, _ = process.communicate()
    found.append(_waits(told))


def _waits(told: bytes) -> Waits:
    booted = Booted(**json.loads(told))
    requests = len(booted.ms) + len(booted.failures)
    answered = booted.ms or (float("inf"),) * 2
    return Waits(
        requests=requests,
        failures=tuple(booted.failures),
        percentiles_ms=percentiles(answered),
        max_ms=max(answered),
        seconds=booted.seconds,
        asker_us=booted.asker_seconds / requests * 1e6,
    )
