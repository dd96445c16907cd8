"""How long guests wait when many boot at the same time, and when one does while many are attached."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from attrs import asdict, frozen

from tests.agents import Agent
from tests.bench import attaching, booting, crowd, tables
from tests.bench.booting import Waits
from tests.bench.boots import PATHS

PAUSE_SECONDS = 0.5
"""Between two boots of the one guest, so that its own limits do not hold it up."""
CALM_SECONDS = 10


@frozen(kw_only=True)
class Weather:
    """How many boot at once, within what time, how often; and how long one boots alone."""

    guests: int
    calm_seconds: int
    spread_seconds: float
    rounds: int


@frozen(kw_only=True)
class Storm:
    """What was found.

    Attributes:
        together: all guests at once, each round.
        calm: one guest, while nothing else happens.
        meanwhile: one guest, while as many others are attached as took part in the storm.
        attach_seconds: how long that took.
    """

    together: tuple[Waits, ...]
    calm: Waits
    meanwhile: Waits
    attach_seconds: float

    @property
    def all(self) -> tuple[Waits, ...]:
        """All that was asked."""
        return (*self.together, self.calm, self.meanwhile)


def measure(weather: Weather, tell: Callable[[str], object]) -> Storm:
    """Attach half of the guests, let them boot, then attach the other half beside one that boots."""
    count = weather.guests
    with crowd.gathered(2 * count), tempfile.TemporaryDirectory() as directory:
        agent = Agent(Path(directory)).start()
        try:
            attaching.attach_many(agent, range(count))
            tell(f"storm: {count} guests are attached")
            together = tuple(booting.once(count, weather.spread_seconds) for _ in range(weather.rounds))
            tell("storm: all have booted; now one alone, then while others are attached")
            with booting.repeatedly([0], 0, PAUSE_SECONDS) as calm:
                time.sleep(weather.calm_seconds)
            with booting.repeatedly([0], 0, PAUSE_SECONDS) as meanwhile:
                attach_seconds = attaching.attach_many(agent, range(count, 2 * count))
        finally:
            attaching.detach_many(agent, range(2 * count))
            agent.stop()
    return Storm(together=together, calm=calm[0], meanwhile=meanwhile[0], attach_seconds=attach_seconds)


def as_json(weather: Weather, storm: Storm) -> dict[str, Any]:
    """For the file of all figures."""
    return {"weather": asdict(weather), "requests_per_boot": len(PATHS), **asdict(storm)}


def as_table(weather: Weather, storm: Storm) -> str:
    """Of the storm the medians of all rounds, and all failures."""
    headers = ("who boots", "requests", "failed", "p50 ms", "p99 ms", "max ms", "seconds", "asker's CPU µs")
    told = [
        _row(f"{weather.guests} guests within {weather.spread_seconds:g} s", storm.together),
        _row("one, alone", (storm.calm,)),
        _row(f"one, while {weather.guests} are attached in {storm.attach_seconds:.1f} s", (storm.meanwhile,)),
    ]
    return tables.table(headers, told) + "".join(_failures(storm))


def _row(who: str, rounds: tuple[Waits, ...]) -> tuple[object, ...]:
    return (
        who,
        sum(each.requests for each in rounds),
        sum(len(each.failures) for each in rounds),
        *(
            median(getattr(each, name) for each in rounds)
            for name in ("p50_ms", "p99_ms", "max_ms", "seconds", "asker_us")
        ),
    )


def _failures(storm: Storm) -> Iterator[str]:
    """The first failure of each kind of boot; the file of all figures has all."""
    for each in storm.all:
        if each.failures:
            yield f"\nFailed: {each.failures[0]}\n"
