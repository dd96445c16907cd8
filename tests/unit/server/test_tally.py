"""What is counted of all guests together."""

from typing import Any

import pytest
from attrs import evolve

from eve_meta.limits import Limits
from eve_meta.server.tally import Tally
from eve_meta.totals import BOUNDS, Totals
from tests.unit.server.guests import GET, Guest


def test_times() -> None:
    """Each is counted up to the first bound that it does not exceed; what has no time is not."""
    tally = Tally()
    for seconds in (0.0, 0.0005, 0.0006, 0.2, 1.0, 100.0, None):
        tally.note("ec2", 200, seconds)
    totals = tally.totals()

    assert [2, 3, 3, 3, 3, 3, 3, 3, 4, 5, 6] == totals.up_to
    assert 101_201_100 == totals.microseconds
    assert 7 == sum(totals.answers.values())


def test_message() -> None:
    """What is told is heard."""
    tally = Tally()
    tally.note("openstack", 404, 0.3)
    tally.note("none", 400, None)
    tally.hit("headers")

    assert tally.totals() == evolve(Totals.heard(tally.totals().told()), times=tally.totals().times)


@pytest.mark.parametrize(
    "changed",
    [
        {"formats": ["secret"]},
        {"statuses": [1000]},
        {"statuses": []},
        {"answers": [-1]},
        {"times": [0] * len(BOUNDS)},
        {"microseconds": -1},
        {"limits": ["secret"]},
        {"hits": [1, 2]},
    ],
)
def test_nonsense(changed: dict[str, Any]) -> None:
    """A server that was taken over makes up no names, and no numbers that there cannot be."""
    tally = Tally()
    tally.note("ec2", 200, 0.1)
    tally.hit("headers")

    with pytest.raises(ValueError, match=r"no totals|zip"):
        Totals.heard(tally.totals().told() | changed)


def test_together() -> None:
    """Those of two servers are added."""
    first, second = Tally(), Tally()
    for each in (first, second):
        each.note("ec2", 200, 0.1)
        each.hit("headers")
    second.note("eve", 200, 2.0)
    together = first.totals().with_those_of(second.totals())

    assert {("ec2", 200): 2, ("eve", 200): 1} == together.answers
    assert (3, 2_200_000, {"headers": 2}) == (together.up_to[-1], together.microseconds, together.limits)


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("sent", "seconds", "limit"),
    [
        (HEAD + b"a: b\r\n" * 101, 0, "headers"),
        (b"GET /" + b"a" * 20000, 0, "head_bytes"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", 0, "body_bytes"),
        (GET * 40, 0, "requests_pipelined"),
        (HEAD, 30, "head_seconds"),
        (HEAD + b"Content-Length: 1\r\n\r\n", 60, "body_seconds"),
        (b"", 60, "idle_seconds"),
    ],
)
def test_limits(sent: bytes, seconds: int, limit: str) -> None:
    """One that bounds a guest is counted, once."""
    guest = Guest(limits=Limits())
    guest.ask(sent)
    guest.clock.advance(seconds)

    assert {limit: 1} == guest.site.crowd.tally.totals().limits


def test_too_many_requests() -> None:
    guest = Guest(limits=Limits(requests_per_second=1, requests_burst=1))
    guest.ask(GET * 2)

    assert {"requests_per_second": 1} == guest.site.crowd.tally.totals().limits
