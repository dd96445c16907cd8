"""How much guests ask at an interface, as a server counts it and tells the agent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

MAX_INTERFACES = 400
"""In one message: paths of them all fit into 65535 bytes, the most of a value of AMP's."""


@frozen(kw_only=True)
class Traffic:
    """Since the interface's door was opened.

    Attributes:
        requests: all of them.
        refused: those answered with 4xx.
        failed: those answered with 5xx.
        connections: open now.
        last_at: when the last request came, Unix time; None if there was none.
        last_path: as in `eve_meta.accesses`.
    """

    requests: int
    refused: int
    failed: int
    connections: int
    last_at: float | None
    last_path: str


def told(traffic: Iterable[tuple[str, Traffic]]) -> dict[str, Sequence[Any]]:
    """As a message: columns."""
    rows = list(traffic)
    return {
        "interfaces": [name for name, _ in rows],
        "requests": [each.requests for _, each in rows],
        "refused": [each.refused for _, each in rows],
        "failed": [each.failed for _, each in rows],
        "connections": [each.connections for _, each in rows],
        "last_ms": [round((each.last_at or 0) * 1000) for _, each in rows],
        "last_paths": [each.last_path for _, each in rows],
    }


def heard(columns: Mapping[str, Sequence[Any]]) -> dict[str, Traffic]:
    """Of a message.

    Raises:
        ValueError: its columns are not of one length.
    """
    found = {}
    order = ("interfaces", "requests", "refused", "failed", "connections", "last_ms", "last_paths")
    rows = zip(*(columns[each] for each in order), strict=True)
    for name, requests, refused, failed, connections, last_ms, path in rows:
        found[name] = Traffic(
            requests=requests,
            refused=refused,
            failed=failed,
            connections=connections,
            last_at=last_ms / 1000 if last_ms else None,
            last_path=path,
        )
    return found
