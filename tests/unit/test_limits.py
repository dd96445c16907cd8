"""Limits as settings: told by name, refused by name, documented."""

from pathlib import Path

import pytest
from attrs import asdict

from eve_meta.limits import LimitError, Limits, assignments, changed, meanings

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
BOOT_REQUESTS = 45


def test_what_is_not_changed_is_as_usual() -> None:
    assert Limits(connections=7) == changed(["connections=7"])


def test_all_reach_a_server() -> None:
    limits = Limits(**{name: number for number, name in enumerate(meanings(), 1)})

    assert limits == changed(assignments(limits))


def test_ten_boots_at_once_come_near_none() -> None:
    limits = Limits()

    assert min(limits.requests_burst, limits.connections_burst) >= 4 * 10 * BOOT_REQUESTS


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("speed=1", "limit speed: there is none of this name, only connections, connections_per_second, "),
        ("connections", "limit connections: nothing is not a number"),
        ("connections=many", "limit connections: many is not a number"),
        ("connections=-1", "limit connections: -1 is not a number"),
        ("connections=0", "limit connections: 0 is too few, at least one is needed"),
    ],
)
def test_refused(assignment: str, message: str) -> None:
    with pytest.raises(LimitError) as refused:
        changed([assignment])

    assert str(refused.value).startswith(message)


def test_the_operator_is_told_of_each() -> None:
    rows = [f"| `{name}` | {number} | {meanings()[name]} |" for name, number in asdict(Limits()).items()]

    assert "\n".join(rows) in OPERATING.read_text(encoding="utf-8")
