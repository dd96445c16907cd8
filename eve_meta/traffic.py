"""How much guests ask at an interface, as a server counts it and tells the agent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import astuple, fields, frozen

from eve_meta.totals import FORMATS

MAX_INTERFACES = 300
"""In one message: what is told of them all fits into 65535 bytes, the most of a value of AMP's."""


@frozen
class Outcomes:
    """How many requests were answered how.

    Attributes:
        answered: with 2xx or 3xx.
        refused: with 4xx.
        failed: with 5xx.
    """

    answered: int = 0
    refused: int = 0
    failed: int = 0


_NONE = Outcomes()
_KINDS = len(fields(Outcomes))


@frozen(kw_only=True)
class Traffic:
    """Since the interface's door was opened.

    Attributes:
        requests: all of them.
        refused: those answered with 4xx.
        failed: those answered with 5xx.
        formats: the same by what was asked for, of `eve_meta.totals.FORMATS` those that were.
        connections: open now.
        last_at: when the last request came, Unix time; None if there was none.
        last_path: as in `eve_meta.accesses`.
    """

    requests: int
    refused: int
    failed: int
    formats: Mapping[str, Outcomes]
    connections: int
    last_at: float | None
    last_path: str

    @classmethod
    def of(
        cls,
        formats: Mapping[str, Outcomes],
        *,
        connections: int,
        last_at: float | None,
        last_path: str,
    ) -> "Traffic":
        """Of what was asked in each format."""
        return cls(
            requests=sum(sum(astuple(each)) for each in formats.values()),
            refused=sum(each.refused for each in formats.values()),
            failed=sum(each.failed for each in formats.values()),
            formats=formats,
            connections=connections,
            last_at=last_at,
            last_path=last_path,
        )


def told(traffic: Iterable[tuple[str, Traffic]]) -> dict[str, Sequence[Any]]:
    """As a message: columns. That of the outcomes has those of one format behind those of another."""
    rows = list(traffic)
    return {
        "interfaces": [name for name, _ in rows],
        "outcomes": [
            [number for name in FORMATS for number in astuple(each.formats.get(name, _NONE))]
            for _, each in rows
        ],
        "connections": [each.connections for _, each in rows],
        "last_ms": [round((each.last_at or 0) * 1000) for _, each in rows],
        "last_paths": [each.last_path for _, each in rows],
    }


def heard(columns: Mapping[str, Sequence[Any]]) -> dict[str, Traffic]:
    """Of a message.

    Raises:
        ValueError: its columns are not of one length, or it has not the outcomes of each format.
    """
    order = ("interfaces", "outcomes", "connections", "last_ms", "last_paths")
    return {
        name: Traffic.of(
            _formats(outcomes),
            connections=connections,
            last_at=last_ms / 1000 if last_ms else None,
            last_path=path,
        )
        for name, outcomes, connections, last_ms, path in zip(*(columns[each] for each in order), strict=True)
    }


def _formats(numbers: Sequence[int]) -> dict[str, Outcomes]:
    every = [Outcomes(*numbers[start : start + _KINDS]) for start in range(0, len(numbers), _KINDS)]
    return {name: each for name, each in zip(FORMATS, every, strict=True) if each != _NONE}
