"""Requests a second, by what is asked for, how, and whom: interleaved, for several rounds."""

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from attrs import asdict, frozen

from netns import KNOCKS_MAX
from tests.bench import tables, wrk
from tests.bench.contenders import ANSWERS, LIMITS, Contender, gathered
from tests.bench.figures import ratio
from tests.bench.processes import cpu_seconds

KEEPING = {"kept": True, "one each": False}
REFERENCES = ("nginx", "one server", "one on a shared CPU")
"""Whom all are compared with."""

_NEAR = 0.97


@frozen(kw_only=True)
class Effort:
    """How thoroughly it is measured."""

    rounds: int
    seconds: int
    connections: int


@frozen(kw_only=True)
class Figures:
    """What one round has given."""

    per_second: float
    cpu_us: float
    generator_us: float
    p50_ms: float
    p99_ms: float


@frozen(kw_only=True)
class Cell:
    """All rounds of one kind of question to one contender.

    Attributes:
        connections: "kept", or "one each" request.
    """

    answer: str
    connections: str
    contender: str
    rounds: tuple[Figures, ...]

    def each(self, figure: str) -> list[float]:
        """A figure in every round."""
        return [getattr(found, figure) for found in self.rounds]

    def middle(self, figure: str) -> float:
        """The median of a figure."""
        return median(self.each(figure))


def measure(effort: Effort, tell: Callable[[str], object]) -> tuple[Cell, ...]:
    """Ask everybody everything in turn, as many rounds as are wanted."""
    with tempfile.TemporaryDirectory() as directory, gathered(Path(directory)) as contenders:
        cells = list(itertools.product(ANSWERS, KEEPING, contenders))
        found: dict[tuple[str, str, str], list[Figures]] = {}
        for number in range(effort.rounds):
            for answer, keeping, contender in cells:
                figures = _measured(contender, _load(effort, contender, answer, keeping))
                found.setdefault((answer, keeping, contender.name), []).append(figures)
            tell(f"requests: round {number + 1} of {effort.rounds}")
    return tuple(
        Cell(answer=answer, connections=keeping, contender=name, rounds=tuple(rounds))
        for (answer, keeping, name), rounds in found.items()
    )


def as_json(effort: Effort, cells: Sequence[Cell]) -> dict[str, Any]:
    """For the file of all figures."""
    return {
        "effort": asdict(effort),
        "limits": LIMITS,
        "knocks_per_second": KNOCKS_MAX,
        "cells": [asdict(each) for each in cells],
    }


def as_table(cells: Sequence[Cell]) -> str:
    """Medians; what is a part of another's is the median of what each round gives."""
    headers = (
        *("answer", "connections", "answered by", "requests/s", "of nginx", "of one", "of shared"),
        *("CPU µs/request", "generator's", "p50 ms", "p99 ms", ""),
    )
    return tables.table(headers, _rows(cells)) + f"\nOur limits: {', '.join(LIMITS)}.\n"


def _rows(cells: Sequence[Cell]) -> Iterator[tuple[object, ...]]:
    by_key = {(each.answer, each.connections, each.contender): each for each in cells}
    for (answer, keeping, name), cell in by_key.items():
        rates = cell.each("per_second")
        yield (
            *(answer, keeping, name, round(cell.middle("per_second"))),
            *(ratio(rates, by_key[answer, keeping, each].each("per_second")) for each in REFERENCES),
            *(cell.middle(each) for each in ("cpu_us", "generator_us", "p50_ms", "p99_ms")),
            "as many as the kernel lets in" if _is_bounded(cell) else "",
        )


def _is_bounded(cell: Cell) -> bool:
    """Whether the kernel's limit of new connections is what was measured."""
    guests = 2 if cell.contender == "two servers" else 1
    return cell.connections == "one each" and cell.middle("per_second") > guests * KNOCKS_MAX * _NEAR


def _load(effort: Effort, contender: Contender, answer: str, keeping: str) -> wrk.Load:
    return wrk.Load(
        path=ANSWERS[answer],
        keeps_alive=KEEPING[keeping],
        connections=effort.connections,
        seconds=effort.seconds,
        cpus=contender.asking_cpus,
    )


def _measured(contender: Contender, load: wrk.Load) -> Figures:
    before = sum(map(cpu_seconds, contender.servers))
    answered = wrk.ask(contender.guests, load)
    used = sum(map(cpu_seconds, contender.servers)) - before
    return Figures(
        per_second=answered.requests / answered.seconds,
        cpu_us=used / answered.requests * 1e6,
        generator_us=answered.generator_seconds / answered.requests * 1e6,
        p50_ms=answered.p50_ms,
        p99_ms=answered.p99_ms,
    )
