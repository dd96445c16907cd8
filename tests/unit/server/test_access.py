"""What is remembered of requests."""

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from eve_meta.accesses import FIRST, LATEST, Access, Revision, read, written
from eve_meta.exchange import Request
from eve_meta.limits import Limits
from eve_meta.messages import ReadAccessLog, ReadTraffic
from eve_meta.milestones import Milestone
from eve_meta.server.access import AccessLog
from eve_meta.server.asked import UNREAD, Asked
from eve_meta.totals import FORMATS
from eve_meta.traffic import MAX_INTERFACES, Outcomes, Traffic, heard, told
from tests.unit.server.guests import GET, Guest, connect
from tests.unit.transport import GuestTransport

AMP_VALUE_BYTES = 65535
"""Source: https://amp-protocol.net, "Box": the length of a value."""


def asked(target: bytes, method: bytes = b"GET", **headers: bytes) -> Asked:
    named = {name.replace("_", "-").encode(): each for name, each in headers.items()}
    return Asked.by(Request(method, target, named))


def test_a_request_is_remembered() -> None:
    log = AccessLog(10.0, 3)
    log.note(12.5, asked(b"/openstack", user_agent=b"Cloud-Init/23.4"), 200, 116)

    remembered = log.all()

    assert (10.0, 1, (Revision(at=10.0, revision=3),)) == (
        remembered.since,
        remembered.count,
        remembered.revisions,
    )
    assert remembered.requests == (
        Access(at=12.5, method="GET", path="/openstack", status=200, bytes=116, agent="Cloud-Init/23.4"),
    )


def test_a_probe_comes_to_no_milestone() -> None:
    """What is asked in a guest's place is remembered, and is neither its first request nor its reading."""
    log, reached = AccessLog(10.0, 1), list[Milestone]()
    log.on_milestone = reached.append
    log.note(11.0, asked(b"/latest/user-data", user_agent=b"eve-meta-probe"), 200, 5)
    log.note(12.0, asked(b"/latest/user-data", user_agent=b"eve-meta-probe"), 200, 5)
    assert [] == reached

    log.note(13.0, asked(b"/openstack"), 200, 5)
    assert [Milestone.ASKED] == reached
    log.note(14.0, asked(b"/latest/user-data"), 200, 5)
    log.note(15.0, UNREAD, 400, 5)
    assert [Milestone.ASKED, Milestone.USER_DATA] == reached
    assert 5 == log.all().count


def test_a_channel_notes_what_it_answers() -> None:
    """With the status and length that were sent, be they of the resource or of the channel itself."""
    clock = Clock()
    guest = Guest(clock=clock)
    clock.advance(5)
    guest.ask(GET)
    guest.ask(GET.replace(b"GET", b"HEAD").replace(b"user_data", b"nothing?token=secret"))
    guest.ask(b"GET / HTTP/9.9\r\n\r\n")

    requests = guest.site.access.all().requests

    assert [
        (5.0, "GET", "/openstack/latest/user_data", 200),
        (5.0, "HEAD", "/openstack/latest/nothing", 404),
        (5.0, "?", "", 400),
    ] == [(each.at, each.method, each.path, each.status) for each in requests]
    assert requests[0].bytes == len(guest.metadata.vm.user_data or b"")


def test_who_asks_too_often_is_noted() -> None:
    guest = Guest(limits=Limits(requests_per_second=1, requests_burst=1))
    guest.ask(GET)
    guest.ask(GET)

    assert [200, 429] == [each.status for each in guest.site.access.all().requests]


def test_all_connections_of_a_door_are_noted() -> None:
    guest = Guest()
    guest.ask(GET)
    connect(guest.site, GuestTransport()).dataReceived(GET)

    assert guest.site.access.all().count == 2


@pytest.mark.parametrize("count", [0, 1, FIRST, FIRST + 1, FIRST + LATEST, FIRST + LATEST + 1, 1000])
def test_the_first_and_the_latest_are_remembered(count: int) -> None:
    log = AccessLog(0.0, 1)
    for number in range(count):
        log.note(float(number), asked(b"/%d" % number), 200, 0)

    remembered = log.all()

    latest = range(max(FIRST, count - LATEST), count)
    assert [*range(min(FIRST, count)), *latest] == [each.at for each in remembered.requests]
    assert [f"/{number:.0f}" for number in (each.at for each in remembered.requests)] == [
        each.path for each in remembered.requests
    ]
    assert max(count - FIRST - LATEST, 0) == remembered.forgotten


def test_traffic() -> None:
    """It is counted on when requests are forgotten."""
    log = AccessLog(0.0, 1)
    for number in range(300):
        log.note(float(number), asked(b"/%d" % number), (200, 404, 500)[number % 3], 0)

    assert log.traffic(connections=2) == Traffic(
        requests=300,
        refused=100,
        failed=100,
        formats={"ec2": Outcomes(answered=100, refused=100, failed=100)},
        connections=2,
        last_at=299.0,
        last_path="/299",
    )


def test_traffic_by_format() -> None:
    """What was not asked for is not told; what could not be read is of no format."""
    log = AccessLog(0.0, 1)
    for target, status in ((b"/openstack", 200), (b"/openstack", 304), (b"/eve/x", 404)):
        log.note(1.0, asked(target), status, 0)
    log.note(1.0, UNREAD, 400, 0)
    expected = {"openstack": Outcomes(2, 0, 0), "eve": Outcomes(0, 1, 0), "none": Outcomes(0, 1, 0)}

    assert expected == log.traffic(0).formats
    columns = told([("tap0", log.traffic(0))])
    assert {"tap0": log.traffic(0)} == heard(columns)


def test_traffic_of_many_fits_into_one_message() -> None:
    log = AccessLog(0.0, 1)
    log.note(1e10, asked(b"/" + b"x" * 3000), 404, 0)
    traffic = evolve(log.traffic(2**20), formats=dict.fromkeys(FORMATS, Outcomes(*[10**10 - 1] * 3)))

    columns = told((f"interface-{number:05}", traffic) for number in range(MAX_INTERFACES))

    values = ReadTraffic.makeResponse(columns, None).values()
    assert all(len(each) <= AMP_VALUE_BYTES for each in values)
    assert heard(ReadTraffic.parseResponse(ReadTraffic.makeResponse(columns, None), None)) == heard(columns)


def test_traffic_that_does_not_fit_together() -> None:
    """What no server of ours tells is refused."""
    columns = told([("tap0", AccessLog(0.0, 1).traffic(0))])

    with pytest.raises(ValueError, match="shorter"):
        heard({**columns, "connections": []})
    with pytest.raises(ValueError, match=r"shorter|longer"):
        heard({**columns, "outcomes": [[1, 2, 3]]})


def test_the_latest_revisions_are_remembered() -> None:
    log = AccessLog(0.0, 1)
    for number in range(2, 40):
        log.revise(float(number), number)

    assert [*range(24, 40)] == [each.revision for each in log.all().revisions]


def test_what_a_guest_says_is_cut_and_plain() -> None:
    """So that it neither fills memory nor commands a terminal."""
    log = AccessLog(0.0, 1)
    log.note(0.0, asked(b"/" + b"x" * 2000, user_agent=b"y" * 2000), 404, 10)
    log.note(0.0, asked(b'/\x1b[2J"\\\xff', b"\x1b", user_agent=b"a b\x07"), 404, 10)

    long, plain = log.all().requests

    assert ("/" + "x" * 95, "y" * 64) == (long.path, long.agent)
    assert ("?", "/?[2J???", "a b?") == (plain.method, plain.path, plain.agent)


def test_agents_without_number() -> None:
    """Of more than a few names the later ones are not remembered."""
    log = AccessLog(0.0, 1)
    for number in range(100):
        log.note(0.0, asked(b"/", user_agent=b"agent-%d" % number), 200, 0)

    agents = [each.agent for each in log.all().requests]

    assert ["agent-0", "agent-15", "?"] == [agents[0], agents[15], agents[16]]


@given(
    st.lists(
        st.tuples(st.binary(max_size=3000), st.binary(max_size=3000), st.binary(max_size=300)),
        min_size=1,
        max_size=300,
    )
)
def test_whatever_is_asked_fits_into_one_answer(requests: list[tuple[bytes, bytes, bytes]]) -> None:
    log = AccessLog(1e9, 1)
    for target, agent, method in requests * (300 // len(requests) + 1):
        log.note(1e9 + 1 / 3, asked(target, method, user_agent=agent), 404, 2**32 - 1)

    text = written(log.all())

    assert len(ReadAccessLog.makeResponse({"log": text}, None)[b"log"]) <= AMP_VALUE_BYTES
    assert log.all() == read(json.loads(text))
