"""Limits as settings: told by name, refused by name."""

import pytest

from eve_meta.errors import SettingError
from eve_meta.limits import Limits, assignments, changed, meanings

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
        ("speed=1", "limits.speed: there is none of this name, only connections, connections_per_second, "),
        ("connections", "limits.connections: nothing is not a number"),
        ("connections=many", "limits.connections: many is not a number"),
        ("connections=-1", "limits.connections: -1 is not a number"),
        ("connections=0", "limits.connections: 0 is not from 1 to 1000000"),
    ],
)
def test_refused(assignment: str, message: str) -> None:
    with pytest.raises(SettingError) as refused:
        changed([assignment])

    assert str(refused.value).startswith(message)
