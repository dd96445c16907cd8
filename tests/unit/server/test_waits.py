"""Guests that wait for a change: when they are answered, how many may, and how that ends."""

import pytest
from attrs import evolve
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from eve_meta.answer import Metadata
from eve_meta.limits import Limits
from eve_meta.tokens import issue
from eve_meta.vm import VM, Line, Service, Tokens
from tests.unit.server.guests import ANY_UUID, GET, USER_DATA, Guest, Reply, connect, replies, some_metadata
from tests.unit.transport import GuestTransport

LIMITS = Limits()
CHANGED = Metadata(VM(uuid=ANY_UUID, user_data=b"changed"), token_key=bytes(32))
ELSEWHERE = Metadata(VM(uuid=ANY_UUID, user_data=USER_DATA, name=Line("other")), token_key=bytes(32))
GONE = Metadata(VM(uuid=ANY_UUID), token_key=bytes(32))


def waiting(query: bytes = b"", *headers: bytes, method: bytes = b"GET") -> bytes:
    lines = b"".join(each + b"\r\n" for each in headers)
    line = b"%s /openstack/latest/user_data?wait_for_change=true%s HTTP/1.1\r\n" % (method, query)
    return line + b"Host: x\r\n" + lines + b"\r\n"


def sent(guest: Guest, method: str = "GET") -> Reply:
    [reply] = replies(guest.transport.value(), method)
    return reply


def current(guest: Guest) -> Reply:
    """What is answered without waiting."""
    [reply] = replies(guest.ask(GET), "GET")
    return reply


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_change_is_answered_when_it_comes(method: str) -> None:
    guest = Guest()
    assert guest.ask(waiting(method=method.encode())) == b""
    guest.clock.advance(LIMITS.idle_seconds * 2)
    assert guest.transport.value() == b""

    guest.resource.refresh(CHANGED)

    reply = sent(guest, method)
    assert (200, b"changed" if method == "GET" else b"") == (reply.status, reply.body)
    assert current(guest).headers["ETag"] == reply.headers["ETag"]


def test_a_change_elsewhere_is_none() -> None:
    guest = Guest()
    guest.ask(waiting())

    guest.resource.refresh(ELSEWHERE)
    assert guest.transport.value() == b""
    guest.resource.refresh(CHANGED)

    assert sent(guest).body == b"changed"


def test_a_seed_is_no_change() -> None:
    """Every reading of such a file is another, and its tag is not."""
    guest = Guest()
    guest.ask(waiting().replace(b"user_data", b"meta_data.json"))

    guest.resource.refresh(CHANGED)
    assert guest.transport.value() == b""
    guest.resource.refresh(ELSEWHERE)

    assert b'"other"' in sent(guest).body


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        (GONE, 404),
        (evolve(CHANGED, vm=evolve(CHANGED.vm, service=Service(tokens=Tokens.REQUIRED))), 401),
    ],
)
def test_what_is_read_no_more_is_told(metadata: Metadata, status: int) -> None:
    guest = Guest()
    guest.ask(waiting())

    guest.resource.refresh(metadata)

    assert sent(guest).status == status


def test_another_tag_is_answered_at_once() -> None:
    guest = Guest()

    assert replies(guest.ask(waiting(b"&last_etag=0")), "GET") == [current(guest)]


def test_the_current_tag_waits() -> None:
    guest = Guest()
    tag = current(guest).headers["ETag"].strip('"').encode()
    assert guest.ask(waiting(b"&last_etag=" + tag)) == b""

    guest.resource.refresh(CHANGED)

    assert sent(guest).body == b"changed"


@pytest.mark.parametrize(
    ("query", "seconds"),
    [(b"&timeout_sec=7", 7), (b"", LIMITS.wait_seconds), (b"&timeout_sec=" + b"9" * 99, LIMITS.wait_seconds)],
)
def test_when_the_time_is_up_it_is_as_it_was(query: bytes, seconds: int) -> None:
    guest = Guest()
    guest.ask(waiting(query))

    guest.clock.advance(seconds - 1)
    assert guest.transport.value() == b""
    guest.clock.advance(1)

    reply = sent(guest)
    assert (200, USER_DATA) == (reply.status, reply.body)
    assert current(guest).headers["ETag"] == reply.headers["ETag"]


def test_a_guest_that_knows_it_already_is_told_so_when_the_time_is_up() -> None:
    guest = Guest()
    tag = current(guest).headers["ETag"].encode()

    assert guest.ask(waiting(b"&timeout_sec=1", b"If-None-Match: " + tag)) == b""
    guest.clock.advance(1)

    assert sent(guest).status == 304


def test_a_token_that_has_expired_meanwhile_is_good_no_more() -> None:
    vm = evolve(some_metadata().vm, service=Service(tokens=Tokens.REQUIRED))
    guest = Guest(metadata=Metadata(vm, bytes(32)))
    token = b"X-aws-ec2-metadata-token: " + issue(bytes(32), 10, 0).encode()
    for seconds, status in ((9, 200), (1, 401)):
        assert guest.ask(waiting(b"&timeout_sec=%d" % seconds, token)) == b""
        guest.clock.advance(seconds)

        assert sent(guest).status == status


def test_what_is_asked_behind_it_is_answered_behind_it() -> None:
    guest = Guest()
    assert guest.ask(waiting() + GET, GET) == b""

    guest.resource.refresh(CHANGED)

    assert [b"changed"] * 3 == [each.body for each in replies(guest.transport.value(), "GET", "GET", "GET")]


def test_its_connection_is_idle_from_its_answer_on() -> None:
    guest = Guest()
    guest.ask(waiting())
    guest.clock.advance(LIMITS.idle_seconds * 2)
    guest.resource.refresh(CHANGED)

    guest.clock.advance(LIMITS.idle_seconds - 1)
    assert not guest.transport.disconnecting
    guest.clock.advance(1)

    assert guest.transport.disconnecting


def test_it_is_noted_when_it_is_answered() -> None:
    guest = Guest()
    guest.ask(waiting())
    guest.clock.advance(100)
    assert guest.site.access.all().count == 0

    guest.resource.refresh(CHANGED)

    [noted] = guest.site.access.all().requests
    assert (100.0, "/openstack/latest/user_data", 200) == (noted.at, noted.path, noted.status)


class TestTooMany:
    """Over all connections of an interface."""

    limits = Limits(waiting=1, wait_seconds=50)

    def others(self, guest: Guest) -> GuestTransport:
        """Another connection of a guest that waits, that has asked to wait, too."""
        guest.ask(waiting())
        guest.clock.advance(10)
        transport = GuestTransport()
        connect(guest.site, transport).dataReceived(waiting())
        return transport

    def test_one_more_is_told_when_to_come_again(self) -> None:
        """On a connection that goes on: that it asks something else is no harm."""
        guest = Guest(limits=self.limits)
        transport = self.others(guest)

        [refused] = replies(transport.value(), "GET")

        assert (429, "40") == (refused.status, refused.headers["Retry-After"])
        assert not transport.disconnecting
        assert guest.transport.value() == b""

    @pytest.mark.parametrize("end", ["answered", "timed out", "lost"])
    def test_who_has_waited_makes_room(self, end: str) -> None:
        guest = Guest(limits=self.limits)
        self.others(guest)
        match end:
            case "answered":
                guest.resource.refresh(CHANGED)
            case "timed out":
                guest.clock.advance(40)
            case "lost":
                guest.channel.connectionLost(Failure(ConnectionDone()))
        another = GuestTransport()

        connect(guest.site, another).dataReceived(waiting())

        assert another.value() == b""


def test_a_guest_that_has_gone_is_forgotten() -> None:
    """No timer is left of it."""
    guest = Guest()
    guest.ask(waiting())

    guest.channel.connectionLost(Failure(ConnectionDone()))
    guest.resource.refresh(CHANGED)

    assert guest.transport.value() == b""
    assert guest.clock.getDelayedCalls() == []


def test_a_guest_that_waits_makes_room_when_it_has_been_quiet_longest() -> None:
    guest = Guest(limits=Limits(connections=2))
    guest.ask(waiting())
    for _ in range(2):
        connect(guest.site, GuestTransport())

    assert guest.transport.disconnected


class TestHalfClosed:
    """It cannot be told from a guest that has gone."""

    def test_while_it_waits(self) -> None:
        guest = Guest()
        guest.ask(waiting())

        guest.channel.readConnectionLost()

        assert sent(guest).body == USER_DATA
        assert guest.transport.disconnecting

    def test_with_more_behind(self) -> None:
        """Nobody waits behind the first either."""
        guest = Guest()
        guest.ask(waiting() * 3)

        guest.channel.readConnectionLost()

        assert [USER_DATA] * 3 == [each.body for each in replies(guest.transport.value(), *["GET"] * 3)]
        assert guest.transport.disconnecting

    def test_before_it_waits(self) -> None:
        """It could not take its last answer until it had half-closed."""
        guest = Guest()
        guest.transport.full_bytes = 0
        guest.ask(GET + waiting())
        guest.channel.readConnectionLost()

        first, second = guest.transport.take(), guest.transport.take()

        assert [USER_DATA] * 2 == [replies(each, "GET")[0].body for each in (first, second)]
        assert guest.transport.disconnecting


class TestReading:
    """Who waits is read from, to see it leave, up to what it sends behind its request."""

    def test_until_it_sends_on(self) -> None:
        guest = Guest()
        guest.ask(waiting())
        states = [guest.transport.producerState]

        guest.channel.dataReceived(GET)
        states.append(guest.transport.producerState)
        guest.resource.refresh(CHANGED)
        states.append(guest.transport.producerState)

        assert states == ["producing", "paused", "producing"]

    def test_it_sends_on_behind_its_last_request(self) -> None:
        """Of which nothing is looked at."""
        guest = Guest()
        guest.ask(waiting(b"", b"Connection: close"), GET)
        state = guest.transport.producerState

        guest.resource.refresh(CHANGED)

        assert state == "paused"
        assert sent(guest).headers["Connection"] == "close"
        assert guest.transport.disconnecting


class TestEnd:
    """A server that ends lets nobody wait."""

    def test_who_waits_is_answered_and_asks_the_next(self) -> None:
        guest = Guest()
        guest.ask(waiting() + GET + b"nonsense")

        guest.resource.waits.end()

        reply = sent(guest)
        assert (200, USER_DATA, "close") == (reply.status, reply.body, reply.headers["Connection"])
        assert guest.transport.disconnecting

    def test_who_comes_then_is_answered_at_once(self) -> None:
        guest = Guest()
        guest.resource.waits.end()

        [reply] = replies(guest.ask(waiting()), "GET")

        assert (200, USER_DATA, "close") == (reply.status, reply.body, reply.headers["Connection"])
        assert guest.transport.disconnecting

    def test_a_large_answer_is_sent_whole(self) -> None:
        large = bytes(range(256)) * 1024
        guest = Guest(metadata=Metadata(VM(uuid=ANY_UUID, user_data=large), token_key=bytes(32)))
        guest.ask(waiting())
        guest.transport.full_bytes = 0

        guest.resource.waits.end()
        taken = []
        while guest.transport.value():
            taken.append(guest.transport.take())

        assert replies(b"".join(taken), "GET")[0].body == large
        assert guest.transport.disconnecting
