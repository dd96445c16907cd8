"""Looks that wait until it is quiet."""

import pytest
from twisted.internet.task import Clock

from eve_meta.agent.postponed import AT_ONCE, PAUSE_SECONDS, QUIET_SECONDS, Postponed
from eve_meta.agent.timers import Timers


class Looks:
    """What was looked at, by the time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.timers = Timers(self.clock)
        self.seen: list[str] = []
        self.postponed = Postponed(self.seen.append, self.clock, self.timers)
        self.clock.advance(100)


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_at_once_where_it_is_quiet(looks: Looks) -> None:
    looks.postponed.add("tap0")

    assert ["tap0"] == looks.seen
    assert "tap0" not in looks.postponed


def test_not_while_somebody_asks(looks: Looks) -> None:
    """Each who asks begins the time anew."""
    looks.postponed.disturb()
    looks.postponed.add("tap0")
    looks.clock.advance(QUIET_SECONDS / 2)
    looks.postponed.disturb()
    looks.clock.advance(QUIET_SECONDS * 0.9)
    assert ([], True) == (looks.seen, "tap0" in looks.postponed)

    looks.clock.advance(QUIET_SECONDS)

    assert ["tap0"] == looks.seen


def test_a_few_at_a_time(looks: Looks) -> None:
    looks.postponed.disturb()
    for number in range(3 * AT_ONCE):
        looks.postponed.add(f"tap{number}")
    looks.clock.advance(QUIET_SECONDS)
    assert [f"tap{number}" for number in range(AT_ONCE)] == looks.seen

    looks.clock.pump([PAUSE_SECONDS] * 2)

    assert [f"tap{number}" for number in range(3 * AT_ONCE)] == looks.seen


def test_somebody_asks_in_between(looks: Looks) -> None:
    looks.postponed.disturb()
    for number in range(2 * AT_ONCE):
        looks.postponed.add(f"tap{number}")
    looks.clock.advance(QUIET_SECONDS)
    looks.postponed.disturb()
    looks.clock.advance(PAUSE_SECONDS)

    assert AT_ONCE == len(looks.seen)


def test_once_however_often_it_is_wanted(looks: Looks) -> None:
    looks.postponed.disturb()
    looks.postponed.add("tap0")
    looks.postponed.add("tap0")
    looks.clock.pump([QUIET_SECONDS] * 3)

    assert ["tap0"] == looks.seen


def test_not_wanted_any_more(looks: Looks) -> None:
    looks.postponed.disturb()
    looks.postponed.add("tap0")
    looks.postponed.discard("tap0")
    looks.clock.pump([QUIET_SECONDS] * 2)

    assert [] == looks.seen


def test_stopped(looks: Looks) -> None:
    """With the timers it waits no more."""
    looks.postponed.disturb()
    looks.postponed.add("tap0")
    looks.timers.stop()
    looks.clock.advance(QUIET_SECONDS)

    assert ([], []) == (looks.seen, looks.clock.getDelayedCalls())
