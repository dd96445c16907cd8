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
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from eve_meta.answer import Metadata
from eve_meta.messages import NotKeptError, PasswordSetError
from eve_meta.server import limits
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestChannel, GuestSite
from eve_meta.vm import VM

if TYPE_CHECKING:
    import socket

USER_DATA = b"#!/bin/sh\nexit 0\n"
GET = b"GET /openstack/latest/user_data HTTP/1.1\r\nHost: [fe80::a9fe:a9fe%eth0]\r\n\r\n"
VERSIONS = b"GET /openstack HTTP/1.1\r\nHost: x\r\n\r\n"


def some_metadata() -> Metadata:
    vm = VM(uuid=UUID("11111111-2222-3333-4444-555555555555"), user_data=USER_DATA)
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
    transport: StringTransport = field(factory=StringTransport)
    keeping: Deferred[None] = field(factory=Deferred)
    kept: list[str] = field(factory=list)
    site: GuestSite = field(init=False)
    channel: GuestChannel = field(init=False)

    def __attrs_post_init__(self) -> None:
        resource = MetadataResource("tap0", self.metadata, self.clock.seconds, self.keep)
        self.site = GuestSite(resource, self.clock)
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


def connect(site: GuestSite, transport: StringTransport) -> GuestChannel:
    channel = site.buildProtocol(None)
    assert channel is not None
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


def test_http_1_0_is_answered_and_closed() -> None:
    guest = Guest()

    [reply] = replies(guest.ask(b"GET /openstack/latest/user_data HTTP/1.0\r\n\r\n"), "GET")

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


def test_a_body_as_large_as_allowed_is_taken() -> None:
    assert replies(Guest().ask(*post(limits.MAX_BODY_BYTES)), "POST")[0].status == 405


def test_a_larger_body_is_refused_and_the_connection_goes_on() -> None:
    guest = Guest()

    refused, reply = replies(guest.ask(*post(limits.MAX_BODY_BYTES + 1), GET), "POST", "GET")

    assert (refused.status, refused.body) == (413, b"the body is too long\n")
    assert reply.body == USER_DATA


def test_a_larger_body_in_chunks_is_refused_too() -> None:
    chunk = b"%x\r\n" % 65536 + bytes(65536) + b"\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    [refused] = replies(Guest().ask(head, *[chunk] * 17, b"0\r\n\r\n"), "POST")

    assert refused.status == 413


def test_an_endless_body_ends_the_connection() -> None:
    guest = Guest()

    assert guest.ask(*post(limits.MAX_DISCARDED_BODY_BYTES + 65536)[:-2]) == b""
    assert not guest.transport.disconnected
    guest.channel.dataReceived(b"x")

    assert guest.transport.disconnected


def post(body_bytes: int) -> list[bytes]:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % body_bytes
    whole, rest = divmod(body_bytes, 65536)
    return [head, *[bytes(65536)] * whole, bytes(rest)]


LONG = b"a" * 20000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 501 + b"\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + LONG, 414),
        (b"GET / HTTP/1.1\r\nA: " + LONG + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + LONG, 431),
        (GET + b"GET / HTTP/1.1\r\nA: " + LONG, 431),
    ],
)
def test_what_is_no_request_is_refused_in_a_few_words(sent: bytes, status: int) -> None:
    guest = Guest()

    *_, reply = replies(guest.ask(sent), *["GET"] * sent.count(b"GET /openstack"), "GET")

    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/plain; charset=UTF-8")
    assert reply.headers["Connection"] == "close"
    assert reply.body.count(b"\n") == 1
    assert guest.transport.disconnecting


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


def test_an_idle_connection_is_closed_then_aborted() -> None:
    guest = Guest()

    guest.clock.advance(limits.IDLE_SECONDS)
    assert guest.transport.disconnecting
    assert not guest.transport.disconnected

    guest.clock.advance(limits.CLOSING_SECONDS)
    assert guest.transport.disconnected


def test_a_guest_that_does_not_take_its_last_answer_is_not_waited_for_long() -> None:
    guest = Guest()

    guest.ask(b"GET / HTTP/1.0\r\n\r\n")
    guest.clock.advance(limits.CLOSING_SECONDS)

    assert guest.transport.disconnected


def test_one_guest_has_so_many_connections_and_no_more() -> None:
    guest = Guest()
    channels = [connect(guest.site, StringTransport()) for _ in range(limits.MAX_CONNECTIONS - 1)]

    assert guest.site.buildProtocol(None) is None

    channels[0].connectionLost()
    assert guest.site.buildProtocol(None) is not None


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

    guest.clock.advance(2 * limits.IDLE_SECONDS)
    guest.keeping.callback(None)

    assert guest.transport.value().startswith(b"HTTP/1.1 200 OK\r\n")
