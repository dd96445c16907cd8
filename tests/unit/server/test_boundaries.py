"""Where a request ends is read as another project reads it, or nothing is read at all.

Who disagrees with a proxy or a client about that takes one guest's bytes for another's request.
"""

from random import Random

import pytest

from eve_meta.server.recall import Recall
from tests.fuzz import grammar
from tests.fuzz.boundaries import End, Request, check, ours

CONVERSATIONS = 3000


@pytest.mark.parametrize("number", range(0, CONVERSATIONS, 100))
def test_whatever_comes(number: int) -> None:
    for seed in range(number, number + 100):
        check(grammar.conversation(Random(seed)))


HOST = b"Host: x\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Length: 6\r\nContent-Length: 5\r\n\r\nsecret",
        POST + b"Content-Length: 6\r\nContent-Length: 6\r\n\r\nsecret",
        POST + b"Content-Length: 6, 6\r\n\r\nsecret",
        POST + b"Content-Length: +6\r\n\r\nsecret",
        POST + b"Content-Length: 0x6\r\n\r\nsecret",
        POST + b"Content-Length: 6_0\r\n\r\nsecret",
        POST + b"Content-Length: \r\n\r\n",
        POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: identity\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0x6\r\nsecret\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n6\nsecret\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n6\r\nsecretx\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        POST + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 6\r\n\r\nsecret",
        POST + b"A: b\r\n Content-Length: 6\r\n\r\n",
        POST + b"A: b\n\r\n",
        POST + b"A: b\rc\r\n\r\n",
        POST + b"A: b\x00c\r\n\r\n",
        POST + b"\xc3\xa4: b\r\n\r\n",
        POST + b": b\r\n\r\n",
        POST + b"A\r\n\r\n",
        b"POST / HTTP/1.1\n" + HOST + b"\r\n",
        b"POST /\r\n\r\n",
        b"POST /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"POST /\xff HTTP/1.1\r\n" + HOST + b"\r\n",
        b"POST / x HTTP/1.1\r\n" + HOST + b"\r\n",
        b"POST\t/\tHTTP/1.1\r\n" + HOST + b"\r\n",
        b"POST / HTTP/1.1 \r\n" + HOST + b"\r\n",
        b"POST / HTTP/2.0\r\n" + HOST + b"\r\n",
        b" POST / HTTP/1.1\r\n" + HOST + b"\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(sent: bytes) -> None:
    """Nor is what stands behind it."""
    read = ours(sent + b"GET /behind HTTP/1.1\r\n" + HOST + b"\r\n", Recall())

    assert (read.requests, read.end) == ([], End.REFUSED)


def test_eight_bits_in_a_value_are_taken_as_they_are() -> None:
    """RFC 9110, 5.5: obs-text."""
    read = ours(POST + b"A: \xff\r\nContent-Length: 1\r\n\r\nx", Recall())

    assert read.requests == [Request(b"POST", b"/", b"x")]
