"""What a guest is answered at a door."""

from typing import TYPE_CHECKING, cast

import pytest
from twisted.internet.error import ConnectionDone
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from eve_meta.exchange import Post
from eve_meta.limits import Limits
from eve_meta.messages import NotKeptError, PasswordSetError
from eve_meta.passwords import PASSWORD
from tests.unit.server.guests import GET, USER_DATA, VERSIONS, Guest, replies

if TYPE_CHECKING:
    from eve_meta.answer import Metadata


def test_a_reply_has_a_length_and_tells_no_version_of_ours() -> None:
    [reply] = replies(Guest().ask(GET), "GET")

    assert (reply.status, reply.body) == (200, USER_DATA)
    assert sorted(reply.headers) == ["Content-Length", "Content-Type", "Date", "ETag", "Server"]
    assert reply.headers["Server"] == "eve-meta"


def test_head_tells_the_length_of_what_it_leaves_out() -> None:
    [reply] = replies(Guest().ask(GET.replace(b"GET", b"HEAD")), "HEAD")

    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["Content-Length"]) == len(USER_DATA)


def test_what_has_not_changed_is_not_sent_again() -> None:
    """Nor told a length, which would be another's; the connection goes on behind it."""
    guest = Guest()
    [read] = replies(guest.ask(GET), "GET")
    known = GET.replace(b"\r\n\r\n", b"\r\nIf-None-Match: %s\r\n\r\n" % read.headers["ETag"].encode())

    sent = guest.ask(known + known.replace(b"GET", b"HEAD") + GET)

    unchanged, unchanged_head, again = replies(sent, "GET", "HEAD", "GET")
    assert [304, 304, 200] == [unchanged.status, unchanged_head.status, again.status]
    assert ["Date", "ETag", "Server"] == sorted(unchanged.headers)
    assert read.headers["ETag"] == unchanged.headers["ETag"]
    assert unchanged == unchanged_head
    assert USER_DATA == again.body


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


SET_PASSWORD = b"POST /openstack/latest/password HTTP/1.1\r\nContent-Length: 6\r\n\r\nsecret"


def test_a_password_is_answered_for_once_it_is_kept() -> None:
    """What the guest asks behind it is answered behind it."""
    guest = Guest()

    assert guest.ask(SET_PASSWORD + GET) == b""
    guest.keeping.callback(None)

    kept, after = replies(guest.transport.value(), "POST", "GET")
    assert (kept.status, kept.body, after.body) == (200, b"", USER_DATA)
    assert guest.kept == [Post(PASSWORD, b"secret")]


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

    assert guest.kept == [Post(PASSWORD, b"secret")]
    assert guest.transport.value() == b""


def test_an_idle_guest_may_wait_long_for_its_password() -> None:
    guest = Guest()
    guest.ask(SET_PASSWORD)

    guest.clock.advance(2 * Limits().idle_seconds)
    guest.keeping.callback(None)

    assert guest.transport.value().startswith(b"HTTP/1.1 200 OK\r\n")
