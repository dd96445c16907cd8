"""What a guest at a door may not have: too much, too often, for too long, or what is no request."""

import pytest

from eve_meta.answer import Metadata
from eve_meta.limits import Limits
from eve_meta.server.channel import LINGERING_BYTES, LINGERING_SECONDS, SLICE_BYTES
from eve_meta.vm import VM
from tests.unit.server.guests import ANY_UUID, GET, USER_DATA, VERSIONS, Guest, connect, replies
from tests.unit.transport import GuestTransport

BODY_BYTES = Limits().body_bytes


def test_a_body_as_large_as_allowed_is_taken() -> None:
    assert replies(Guest().ask(*post(BODY_BYTES)), "POST")[0].status == 405


def test_a_larger_body_is_refused_before_it_comes() -> None:
    guest = Guest()
    head, *_ = post(BODY_BYTES + 1)

    [refused] = replies(guest.ask(head), "POST")

    assert (refused.status, refused.body) == (413, b"the body is too long\n")
    assert guest.transport.is_write_closed


def test_a_larger_body_in_chunks_is_refused_too() -> None:
    chunk = b"%x\r\n" % 8192 + bytes(8192) + b"\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    [refused] = replies(Guest().ask(head, *[chunk] * 9, b"0\r\n\r\n"), "POST")

    assert refused.status == 413


def post(body_bytes: int) -> list[bytes]:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % body_bytes
    whole, rest = divmod(body_bytes, 8192)
    return [head, *[bytes(8192)] * whole, bytes(rest)]


EXPECTING = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"


def test_a_guest_that_asks_before_it_sends_a_body() -> None:
    guest = Guest()

    assert guest.ask(EXPECTING % 2) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert guest.ask(b"a") == b""
    assert replies(guest.ask(b"b"), "POST")[0].status == 405


def test_a_guest_that_asks_whether_a_body_is_too_large() -> None:
    assert Guest().ask(EXPECTING % (BODY_BYTES + 1)).startswith(b"HTTP/1.1 413 ")


LONG = b"a" * 20000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n"], 431),
        ([b"GET /\r\n\r\n"], 400),
        ([b"GET / HTTP/2.0\r\n\r\n"], 505),
        ([b"\x16\x03\x01\x02\x00\r\n"], 400),
        ([b"GET / HTTP/1.1\n\n"], 400),
        ([b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"], 400),
        ([b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], 400),
        ([b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n"], 414),
        ([b"GET /" + LONG], 414),
        ([b"GET / HTTP/1.1\r\nA: " + LONG + b"\r\n\r\n"], 431),
        ([b"GET / HTTP/1.1\r\nA: ", LONG], 431),
        ([b"GET / HTTP/1.1\r\n", *[b"A: " + b"a" * 1000 + b"\r\n"] * 20], 431),
        ([GET + b"GET / HTTP/1.1\r\nA: ", LONG], 431),
        ([GET + b"nonsense\r\n\r\n"], 400),
    ],
)
def test_what_is_no_request_is_refused_in_a_few_words(sent: list[bytes], status: int) -> None:
    guest = Guest()

    *_, reply = replies(guest.ask(*sent), *["GET"] * sent[0].count(b"GET /openstack"), "GET")

    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/plain; charset=UTF-8")
    assert reply.headers["Connection"] == "close"
    assert reply.body.count(b"\n") == 1
    assert guest.transport.is_write_closed


def test_a_refusal_of_head_has_no_body() -> None:
    [reply] = replies(Guest().ask(b"HEAD / HTTP/1.1\r\nA\r\n\r\n"), "HEAD")

    assert (reply.status, reply.body) == (400, b"")


class TestRefusedGuest:
    """What it still sends is read and forgotten."""

    def refused(self) -> Guest:
        guest = Guest()
        assert guest.ask(b"nonsense\r\n\r\n")
        return guest

    def test_it_is_told_nothing_more(self) -> None:
        guest = self.refused()

        assert guest.ask(GET) == b""
        assert not guest.transport.disconnecting

    def test_it_closes(self) -> None:
        guest = self.refused()

        guest.channel.readConnectionLost()

        assert guest.transport.disconnecting

    def test_it_has_closed_before(self) -> None:
        guest = Guest()
        guest.channel.dataReceived(b"GET / ")
        guest.channel.dataReceived(b"\n")
        guest.channel.readConnectionLost()

        assert guest.transport.disconnecting

    def test_it_takes_too_long(self) -> None:
        guest = self.refused()

        guest.clock.advance(LINGERING_SECONDS)

        assert guest.transport.disconnecting

    def test_it_sends_too_much(self) -> None:
        guest = self.refused()

        guest.channel.dataReceived(bytes(LINGERING_BYTES))
        assert not guest.transport.disconnected
        guest.channel.dataReceived(b"x")

        assert guest.transport.disconnected


def test_too_many_requests_before_an_answer() -> None:
    guest = Guest(limits=Limits(requests_pipelined=2))

    *answered, refused = replies(guest.ask(GET * 4), "GET", "GET", "GET")

    assert [each.body for each in answered] == [USER_DATA] * 2
    assert refused.status == 429


class TestRates:
    """Over all connections of an interface."""

    limits = Limits(requests_per_second=2, requests_burst=3, connections_per_second=2, connections_burst=2)

    def test_too_many_requests(self) -> None:
        guest = Guest(limits=self.limits)
        other = GuestTransport()
        assert b" 200 OK" in guest.ask(GET + GET)
        connect(guest.site, other).dataReceived(GET + GET + GET)

        answered, refused = replies(other.value(), "GET", "GET")

        assert (answered.status, refused.status) == (200, 429)
        assert refused.headers["Retry-After"] == "1"
        assert other.is_write_closed

    def test_later_there_are_some_again(self) -> None:
        guest = Guest(limits=self.limits)
        guest.ask(GET * 3)

        guest.clock.advance(0.5)

        assert replies(guest.ask(GET), "GET")[0].status == 200

    def test_too_many_connections(self) -> None:
        guest = Guest(limits=self.limits)
        assert guest.rushes == []

        for _ in range(3):
            connect(guest.site, GuestTransport())

        assert guest.rushes == [0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (b"", Limits().idle_seconds),
        (GET, Limits().idle_seconds),
        (GET[:-2], Limits().head_seconds),
        (GET + GET[:9], Limits().head_seconds),
        (post(2)[0], Limits().body_seconds),
    ],
)
def test_a_guest_that_does_not_go_on_is_closed_then_aborted(sent: bytes, seconds: int) -> None:
    guest = Guest()
    guest.ask(sent)

    guest.clock.advance(seconds - 1)
    was_closing = guest.transport.disconnecting
    guest.clock.advance(1)
    assert (was_closing, guest.transport.disconnecting, guest.transport.disconnected) == (False, True, False)

    guest.clock.advance(Limits().send_seconds)
    assert guest.transport.disconnected


def test_a_guest_that_dribbles_has_no_more_time() -> None:
    guest = Guest()

    for byte in GET[: Limits().head_seconds + 1]:
        guest.channel.dataReceived(bytes([byte]))
        guest.clock.advance(1)

    assert guest.transport.disconnecting


def test_each_request_has_its_own_time() -> None:
    guest = Guest()

    for _ in range(5):
        guest.clock.advance(Limits().idle_seconds - 1)
        assert b" 200 OK" in guest.ask(GET)

    assert not guest.transport.disconnecting


def test_a_guest_that_does_not_take_its_last_answer_is_not_waited_for_long() -> None:
    guest = Guest()

    guest.ask(b"GET / HTTP/1.0\r\n\r\n")
    guest.clock.advance(Limits().send_seconds)

    assert guest.transport.disconnected


class TestSlowGuest:
    """It takes nothing of what it is sent."""

    def slow(self) -> Guest:
        guest = Guest()
        guest.transport.full_bytes = 0
        return guest

    def test_it_gets_the_next_answer_when_it_has_taken_the_last(self) -> None:
        guest = self.slow()

        guest.channel.dataReceived(GET + VERSIONS)
        states = [guest.transport.producerState]
        first = guest.transport.take()
        second = guest.transport.take()
        states.append(guest.transport.producerState)

        assert [each[0].body for each in (replies(first, "GET"), replies(second, "GET"))] == [
            USER_DATA,
            replies(Guest().ask(VERSIONS), "GET")[0].body,
        ]
        assert states == ["paused", "producing"]

    def test_a_large_answer_costs_no_more_than_a_small_one(self) -> None:
        large = bytes(range(256)) * 1024
        guest = Guest(metadata=Metadata(VM(uuid=ANY_UUID, user_data=large), token_key=bytes(32)))
        guest.transport.full_bytes = 0
        taken = []

        guest.channel.dataReceived(GET)
        while guest.transport.value():
            taken.append(guest.transport.take())

        assert replies(b"".join(taken), "GET")[0].body == large
        assert max(map(len, taken)) < 2 * SLICE_BYTES

    def test_it_has_so_much_time_and_no_more(self) -> None:
        guest = self.slow()
        guest.channel.dataReceived(GET)

        guest.clock.advance(Limits().send_seconds)

        assert guest.transport.disconnected


def test_the_quietest_connection_makes_room() -> None:
    guest = Guest(limits=Limits(connections=2))
    quiet, newest = GuestTransport(), GuestTransport()
    connect(guest.site, quiet)
    guest.ask(GET)

    connect(guest.site, newest)

    assert [each.disconnected for each in (quiet, guest.transport, newest)] == [True, False, False]
