"""What a server has counted of all its guests together, and how it tells the agent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import accumulate
from typing import Any, Self

from attrs import field, fields_dict, frozen

from eve_meta.limits import Limits

FORMATS = ("ec2", "openstack", "nocloud", "eve", "none")
"""What is asked for; the last is what could not be read."""

_TREES = frozenset(FORMATS) - {"ec2", "none"}

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Seconds: of the times that answers took as many are counted up to each, and those that took longer."""

_STATUSES = frozenset(map(int, HTTPStatus))
_LIMITS = frozenset(fields_dict(Limits))


def format_of(path: str) -> str:
    """Whose format a path is of. What is of no other is of EC2, as with nova."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in _TREES else "ec2"


@frozen(kw_only=True)
class Totals:
    """Since the server began.

    Attributes:
        answers: how many of a format there were with a status.
        times: how many took longer than the bound before and no longer than each of `BOUNDS`; or than all.
        microseconds: that they took, all together.
        limits: how often a limit was hit, by its name.
    """

    answers: Mapping[tuple[str, int], int] = field(factory=dict)
    times: Sequence[int] = (0,) * (len(BOUNDS) + 1)
    microseconds: int = 0
    limits: Mapping[str, int] = field(factory=dict)

    @property
    def up_to(self) -> Sequence[int]:
        """How many took no longer than each of `BOUNDS`, and how many there were."""
        return list(accumulate(self.times))

    def with_those_of(self, other: "Totals") -> "Totals":
        """Of two servers."""
        return Totals(
            answers=Counter(self.answers) + Counter(other.answers),
            times=[ours + theirs for ours, theirs in zip(self.times, other.times, strict=True)],
            microseconds=self.microseconds + other.microseconds,
            limits=Counter(self.limits) + Counter(other.limits),
        )

    def told(self) -> dict[str, Any]:
        """As a message: columns."""
        return {
            "formats": [each for each, _ in self.answers],
            "statuses": [each for _, each in self.answers],
            "answers": list(self.answers.values()),
            "times": list(self.times),
            "microseconds": self.microseconds,
            "limits": list(self.limits),
            "hits": list(self.limits.values()),
        }

    @classmethod
    def heard(cls, columns: Mapping[str, Any]) -> Self:
        """Of a message of a server that guests may have taken over: no name is its own.

        Raises:
            ValueError: there is none like it.
        """
        kinds = list(zip(columns["formats"], columns["statuses"], strict=True))
        answers = dict(zip(kinds, columns["answers"], strict=True))
        limits = dict(zip(columns["limits"], columns["hits"], strict=True))
        numbers = [*answers.values(), *limits.values(), *columns["times"], columns["microseconds"]]
        if (
            len(columns["times"]) != len(BOUNDS) + 1
            or min(numbers) < 0
            or not {each for each, _ in kinds} <= {*FORMATS}
            or not {each for _, each in kinds} <= _STATUSES
            or not limits.keys() <= _LIMITS
        ):
            raise ValueError("these are no totals")
        return cls(
            answers=answers, times=columns["times"], microseconds=columns["microseconds"], limits=limits
        )
