"""HTTP at a door, over Twisted's in-memory transport and the real site."""

import http.client
from io import BytesIO
from typing import TYPE_CHECKING, cast
from uuid import UUID

import pytest
from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from eve_meta.answer import Metadata
from eve_meta.limits import Limits
from eve_meta.messages import NotKeptError, PasswordSetError
from eve_meta.server.channel import LINGERING_BYTES, LINGERING_SECONDS, SLICE_BYTES, GuestChannel
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite
from eve_meta.vm import VM
from tests.unit.transport import GuestTransport

if TYPE_CHECKING:
    import socket

ANY_UUID = UUID("11111111-2222-3333-4444-555555555555")
USER_DATA = b"#!/bin/sh\nexit 0\n"
GET = b"GET /openstack/latest/user_data HTTP/1.1\r\nHost: [fe80::a9fe:a9fe%eth0]\r\n\r\n"
VERSIONS = b"GET /openstack HTTP/1.1\r\nHost: x\r\n\r\n"


def some_metadata() -> Metadata:
    vm = VM(uuid=ANY_UUID, user_data=USER_DATA)
    return Metadata(vm=vm, token_key=bytes(32))


@frozen
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@define
class Guest:
    """One guest's connection to a site in memory."""

    metadata: Metadata = field(factory=some_metadata)
    clock: Clock = field(factory=Clock)
    transport: GuestTransport = field(factory=GuestTransport)
    limits: Limits = field(factory=Limits)
    keeping: Deferred[None] = field(factory=Deferred)
    kept: list[str] = field(factory=list)
    rushes: list[float] = field(factory=list)
    site: GuestSite = field(init=False)
    channel: GuestChannel = field(init=False)

    def __attrs_post_init__(self) -> None:
        resource = MetadataResource("tap0", self.metadata, self.clock.seconds, self.keep)
        self.site = GuestSite(resource, self.limits, self.clock)
        self.site.on_rush = self.rushes.append
        self.channel = connect(self.site, self.transport)

    async def keep(self, interface: str, vm: UUID, password: str) -> None:
        """Keep a password when the test says so."""
        assert (interface, vm) == ("tap0", self.metadata.vm.uuid)
        self.kept.append(password)
        await self.keeping

    def ask(self, *pieces: bytes) -> bytes:
        """All that the guest is sent in return."""
        self.transport.clear()
        for piece in pieces:
            self.channel.dataReceived(piece)
        sent: bytes = self.transport.value()
        return sent


def connect(site: GuestSite, transport: GuestTransport) -> GuestChannel:
    channel = site.buildProtocol(None)
    channel.makeConnection(transport)
    return channel


class _Sent:
    """Bytes where the standard library's HTTP client wants a socket."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)
        self._file.close = lambda: None  # type: ignore[method-assign]

    def makefile(self, _mode: str) -> BytesIO:
        return self._file


def replies(sent: bytes, *methods: str) -> list[Reply]:
    """What a client of another project takes from it: one reply for each method, and no byte more."""
    source = _Sent(sent)
    found = []
    for method in methods:
        response = http.client.HTTPResponse(cast("socket.socket", source), method=method)
        response.begin()
        found.append(Reply(response.status, dict(response.headers), response.read()))
    assert source.makefile("rb").read() == b""
    return found


def test_a_reply_has_a_length_and_tells_no_version_of_ours() -> None:
    [reply] = replies(Guest().ask(GET), "GET")

    assert (reply.status, reply.body) == (200, USER_DATA)
    assert sorted(reply.headers) == ["Content-Length", "Content-Type", "Date", "Server"]
    assert reply.headers["Server"] == "eve-meta"


def test_head_tells_the_length_of_what_it_leaves_out() -> None:
    [reply] = replies(Guest().ask(GET.replace(b"GET", b"HEAD")), "HEAD")

    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["Content-Length"]) == len(USER_DATA)


def test_pipelined_requests_are_answered_in_order() -> None:
    first, second, third = replies(Guest().ask(GET + VERSIONS + GET), "GET", "GET", "GET")

    assert [first.body, third.body] == [USER_DATA, USER_DATA]
    assert second.body.endswith(b"latest")


def test_a_request_that_comes_byte_by_byte() -> None:
    pieces = [bytes([byte]) for byte in GET]

    [reply] = replies(Guest().ask(*pieces), "GET")

    assert reply.body == USER_DATA


@pytest.mark.parametrize("more", [b"", b"Connection: keep-alive\r\n"])
def test_http_1_0_is_answered_and_closed(more: bytes) -> None:
    """Whatever stands behind it."""
    guest = Guest()

    [reply] = replies(guest.ask(GET.replace(b"1.1", b"1.0")[:-2] + more + b"\r\n" + GET), "GET")

    assert reply.body == USER_DATA
    assert guest.transport.disconnecting


def test_a_header_sent_twice_is_one_list() -> None:
    """One of the two alone would be good for a token."""
    put, ttl = b"PUT /latest/api/token HTTP/1.1\r\n", b"X-aws-ec2-metadata-token-ttl-seconds: 5\r\n"

    [twice] = replies(Guest().ask(put + ttl + ttl + b"\r\n"), "PUT")

    assert twice.status == 400


@pytest.mark.parametrize(
    "target", [b"*", b"/", b"//", b"/%00", b"http://169.254.169.254/", b"?", b"/a" * 2000]
)
@pytest.mark.parametrize("method", [b"OPTIONS", b"POST", b"DELETE", b"get", b"\xff"])
def test_no_method_or_target_makes_us_fail(method: bytes, target: bytes) -> None:
    sent = Guest().ask(method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    assert sent[9:12] in {b"200", b"400", b"404", b"405", b"414"}
    assert b"Twisted" not in sent


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


@pytest.mark.parametrize(
    "asked",
    [
        b"Connection: close, keep-alive\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"Upgrade: x\r\nConnection: Upgrade, close\r\n",
    ],
)
def test_the_last_request_of_a_connection(asked: bytes) -> None:
    """What comes behind it is not looked at; another protocol is not spoken."""
    guest = Guest()

    [reply] = replies(guest.ask(GET[:-2] + asked + b"\r\n" + GET), "GET")

    assert (reply.body, reply.headers["Connection"]) == (USER_DATA, "close")
    assert guest.transport.disconnecting


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


def test_an_answer_that_fails_is_logged_and_told_to_nobody() -> None:
    """Which answer does is not known: a value that is no metadata stands for it."""
    with capturedLogs() as logged:
        [reply] = replies(Guest(metadata=cast("Metadata", None)).ask(GET), "GET")

    assert (reply.status, reply.body) == (500, b"")
    assert [event["interface"] for event in logged] == ["tap0"]


def test_answering_logs_nothing() -> None:
    with capturedLogs() as logged:
        Guest().ask(GET)

    assert logged == []


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


SET_PASSWORD = b"POST /openstack/latest/password HTTP/1.1\r\nContent-Length: 6\r\n\r\nsecret"


def test_a_password_is_answered_for_once_it_is_kept() -> None:
    """What the guest asks behind it is answered behind it."""
    guest = Guest()

    assert guest.ask(SET_PASSWORD + GET) == b""
    guest.keeping.callback(None)

    kept, after = replies(guest.transport.value(), "POST", "GET")
    assert (kept.status, kept.body, after.body) == (200, b"", USER_DATA)
    assert guest.kept == ["secret"]


@pytest.mark.parametrize(("error", "status"), [(PasswordSetError(), 409), (NotKeptError(), 503)])
def test_a_password_that_is_not_kept(error: Exception, status: int) -> None:
    guest = Guest()
    guest.keeping.errback(error)

    [reply] = replies(guest.ask(SET_PASSWORD), "POST")

    assert reply.status == status


def test_a_guest_that_does_not_wait_for_its_password() -> None:
    """It is kept all the same, and nobody is answered."""
    guest = Guest()
    guest.ask(SET_PASSWORD)
    guest.channel.connectionLost(Failure(ConnectionDone()))

    guest.keeping.callback(None)

    assert guest.kept == ["secret"]
    assert guest.transport.value() == b""


def test_an_idle_guest_may_wait_long_for_its_password() -> None:
    guest = Guest()
    guest.ask(SET_PASSWORD)

    guest.clock.advance(2 * Limits().idle_seconds)
    guest.keeping.callback(None)

    assert guest.transport.value().startswith(b"HTTP/1.1 200 OK\r\n")
