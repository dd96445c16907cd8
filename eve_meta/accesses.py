"""What was asked at one interface, as a server tells it: written there, read by who shows it.

It comes from a server that guests may have taken over. So nothing is taken for granted of it but its types.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import asdict, evolve, field, frozen
from attrs.validators import min_len

FIRST, LATEST = 128, 64
"""How many requests are remembered: the boot, and what was asked of late. A cloud-init asks 44."""

PROBE = "eve-meta-probe"
"""How `eve-meta probe` calls itself, which asks in a guest's place."""

_END_OF_TIME = 253402300799
"""9999-12-31, as Unix time."""


def printable(text: object) -> str:
    """What a terminal shows as it is."""
    return "".join(each if each.isprintable() else "?" for each in str(text))


def _time(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds <= _END_OF_TIME:
        raise ValueError(f"{seconds} is no time")
    return seconds


@frozen(kw_only=True)
class Access:
    """A request.

    Attributes:
        at: Unix time.
        method: "?" for one that could not be read.
        path: of printable ASCII, cut off if it is long, without its query.
        bytes: the length of the answer's body.
        agent: how its client calls itself; cut off if that is long.
    """

    at: float = field(converter=_time)
    method: str = field(converter=printable)
    path: str = field(converter=printable)
    status: int = field(converter=int)
    bytes: int = field(converter=int)
    agent: str = field(converter=printable)


@frozen(kw_only=True)
class Revision:
    """From when on guests were answered from a revision of the document."""

    at: float = field(converter=_time)
    revision: int = field(converter=int)


def _accesses(told: Iterable[Access | Mapping[str, Any]]) -> tuple[Access, ...]:
    return tuple(each if isinstance(each, Access) else Access(**each) for each in told)


def _revisions(told: Iterable[Revision | Mapping[str, Any]]) -> tuple[Revision, ...]:
    return tuple(each if isinstance(each, Revision) else Revision(**each) for each in told)


@frozen(kw_only=True)
class Accesses:
    """All that is remembered.

    Attributes:
        since: Unix time, when the interface's door was opened.
        revisions: the latest, oldest first.
        count: how many requests there were, remembered or not.
        requests: the first and the latest, oldest first.
    """

    since: float = field(converter=_time)
    revisions: tuple[Revision, ...] = field(converter=_revisions, validator=min_len(1))
    count: int = field(converter=int)
    requests: tuple[Access, ...] = field(converter=_accesses)

    def of_guests(self) -> "Accesses":
        """Without what was asked in a guest's place."""
        requests = tuple(each for each in self.requests if each.agent != PROBE)
        return evolve(self, count=self.count - len(self.requests) + len(requests), requests=requests)

    @property
    def forgotten(self) -> int:
        """How many requests are not remembered."""
        return max(self.count - len(self.requests), 0)


def written(accesses: Accesses) -> str:
    """As JSON."""
    return json.dumps(asdict(accesses), separators=(",", ":"))


def read(told: Mapping[str, Any]) -> Accesses:
    """Of the object that the JSON is.

    Raises:
        ValueError: it is not one that a server of ours writes.
    """
    try:
        return Accesses(**told)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"no list of requests: {error}") from error
