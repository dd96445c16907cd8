"""Where requests begin and end, as our parser has it and as h11 has it, which shares no line with llhttp."""

import re
from enum import Enum, auto
from typing import NamedTuple

import h11
from attrs import validators

from eve_meta.limits import Limits
from eve_meta.server.parser import RequestParser
from eve_meta.server.recall import Recall

LENIENT = re.compile(
    r"Missing mandatory Host: header|Found multiple Host: headers"  # nobody is known by a name
    r"|illegal request line: bytearray\(b['\"](\S+ +\S+ +HTTP/1\.[01]|.* RTSP/1\.0)['\"]\)"  # llhttp's own
    # Empty lines before the first: RFC 9112, 2.2. One may end in more than one CR.
    r"|no request line received|illegal request line: bytearray\(b'(\\r)+'\)"
)
"""What h11 refuses and we take, on purpose: it moves no boundary."""


class End(Enum):
    """What comes behind the last whole request."""

    MORE = auto()
    OVER = auto()
    REFUSED = auto()


class Request(NamedTuple):
    """All of a request that another may not see otherwise."""

    method: bytes
    target: bytes
    body: bytes


class Reading(NamedTuple):
    """The whole requests in what was sent, what comes behind them, and why that is refused, if h11 tells."""

    requests: list[Request]
    end: End
    reason: str = ""


_PREFACE = b"PRI"
"""Begins HTTP/2, whose second line llhttp waits for before it refuses all. Source: RFC 9113, 3.4."""

with validators.disabled():  # no operator may have such bodies
    _LIMITS = Limits(head_bytes=2**20, headers=2**10, body_bytes=2**60, requests_pipelined=2**10)


def ours(sent: bytes, recall: Recall) -> Reading:
    """As the server reads it."""
    parser = RequestParser(_LIMITS, recall)
    read = (each.request for each in parser.feed(sent))
    found = [Request(each.method, each.target, each.body) for each in read]
    if parser.refusal:
        return Reading(found, End.REFUSED)
    return Reading(found, End.OVER if parser.is_over else End.MORE)


def of_h11(sent: bytes) -> Reading:
    """As h11 reads it."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=2**20)
    connection.receive_data(sent)
    found: list[Request] = []
    try:
        while (request := _next(connection)) is not None:
            found.append(request)
            # A status that lets nobody switch to another protocol.
            connection.send(h11.Response(status_code=400, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is h11.MUST_CLOSE:
                return Reading(found, End.OVER)
            connection.start_next_cycle()
    except h11.RemoteProtocolError as error:
        return Reading(found, End.REFUSED, str(error))
    return Reading(found, End.MORE)


def _next(connection: h11.Connection) -> Request | None:
    """A request that is whole."""
    method = target = body = b""
    while True:
        match connection.next_event():
            case h11.Request(method=method, target=target):
                pass
            case h11.Data(data=data):
                body += data
            case h11.EndOfMessage():
                return Request(method, target, body)
            case _:
                return None


def check(sent: bytes) -> None:
    """Fail if one of both begins or ends a request elsewhere, or if we read on where h11 does not."""
    recall = Recall()
    read, other = ours(sent, recall), of_h11(sent)
    assert read == ours(sent, recall), "as it was read before"
    both = min(len(read.requests), len(other.requests))
    assert read.requests[:both] == other.requests[:both], sent
    if len(read.requests) > both:
        assert LENIENT.fullmatch(other.reason), (other, sent)
    if len(other.requests) > both and other.requests[both].method != _PREFACE:
        assert read.end is not End.MORE, sent
