"""All interfaces at two times, as lines to be watched."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import field, frozen

from eve_meta.accesses import printable
from eve_meta.story import duration

COLUMNS = ("INTERFACE", "VM", "STATE", "PER SECOND", "REQUESTS", "4XX", "5XX", "OPEN", "LAST", "PATH")


@frozen(kw_only=True)
class Watched:
    """One interface.

    Attributes:
        per_second: requests since the look before; 0 at the first.
        ago_seconds: since the last request; None if there was none, or nobody to ask.
    """

    interface: str
    vm: str
    state: str
    per_second: float
    requests: int
    refused: int
    failed: int
    connections: int
    ago_seconds: float | None
    last_path: str = field(converter=printable)

    @property
    def cells(self) -> tuple[str, ...]:
        """A line, as `COLUMNS` has it."""
        ago = "" if self.ago_seconds is None else duration(max(self.ago_seconds, 0))
        counts = (self.requests, self.refused, self.failed, self.connections)
        rate = f"{self.per_second:.1f}"
        return (self.interface, self.vm, self.state, rate, *map(str, counts), ago, self.last_path)

    @property
    def style(self) -> str:
        """Its colour on a terminal."""
        if self.state == "failed" or self.failed:
            return "red"
        return "yellow" if self.state != "open" else ""


ORDERS: Mapping[str, Callable[[Watched], Any]] = {
    "interface": lambda each: each.interface,
    "vm": lambda each: (each.vm, each.interface),
    "rate": lambda each: -each.per_second,
    "requests": lambda each: -each.requests,
    "errors": lambda each: (-each.failed, -each.refused),
    "last": lambda each: (each.ago_seconds is None, each.ago_seconds),
}
"""By what lines can be sorted; what is told first is what an operator looks for."""


def watched(
    statuses: Iterable[Mapping[str, Any]], before: Mapping[str, Any], now: Mapping[str, Any], order: str
) -> list[Watched]:
    """Lines of what the control socket has told: statuses, and traffic at two times."""
    return sorted((_line(each, before, now) for each in statuses), key=ORDERS[order])


_QUIET: Mapping[str, Any] = {
    "requests": 0,
    "refused": 0,
    "failed": 0,
    "connections": 0,
    "last_at": None,
    "last_path": "",
}
"""Of an interface that is not answered."""


def _line(status: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]) -> Watched:
    interface = status["interface"]
    traffic = now["interfaces"].get(interface, _QUIET)
    return Watched(
        interface=interface,
        vm=status["name"] or status["uuid"],
        state=status["state"],
        per_second=_rate(interface, before, now),
        requests=traffic["requests"],
        refused=traffic["refused"],
        failed=traffic["failed"],
        connections=traffic["connections"],
        ago_seconds=None if traffic["last_at"] is None else now["at"] - traffic["last_at"],
        last_path=traffic["last_path"],
    )


def _rate(interface: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> float:
    """What has begun anew meanwhile, with another server, has asked nothing before."""
    if interface not in now["interfaces"] or interface not in before.get("interfaces", ()):
        return 0.0
    requests: int = now["interfaces"][interface]["requests"] - before["interfaces"][interface]["requests"]
    seconds: float = now["at"] - before["at"]
    return max(requests, 0) / seconds if seconds > 0 else 0.0
