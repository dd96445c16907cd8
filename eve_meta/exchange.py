"""What HTTP brings in and takes out, as values without a connection."""

import math
from collections.abc import Mapping

from attrs import field, frozen

from eve_meta.tree import PLAIN

Headers = tuple[tuple[bytes, bytes], ...]

_REASONS = {
    400: b"bad request",
    401: b"a valid session token is needed",
    404: b"not found",
    405: b"method not allowed",
    409: b"a password is set already",
    413: b"the body is too long",
    414: b"the path is too long",
    415: b"that media type is not taken here",
    429: b"too many requests",
    431: b"too many headers, or too long ones",
    501: b"no transfer coding but chunked is known",
    503: b"try again later",
    505: b"only HTTP/1.0 and HTTP/1.1 are spoken",
}


@frozen
class Request:
    """A request as it came.

    Attributes:
        target: the request-target, neither decoded nor split.
        headers: by name in lower case; one that came more than once is one list (RFC 9110, 5.3).
    """

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""


@frozen
class Post:
    """What a guest has posted, to be kept on the host.

    Attributes:
        kind: `eve_meta.passwords.PASSWORD`, or one of `eve_meta.reports.REPORTS`.
    """

    kind: str
    content: bytes = field(repr=False)


@frozen
class Wait:
    """What a guest waits for rather than being answered: that what it reads has another tag, or is gone.

    Attributes:
        tag: the one that it has.
        seconds: after which it is to be answered in any case; None: as late as may be.
    """

    tag: bytes
    seconds: int | None


@frozen
class Answer:
    """What is to be sent.

    Attributes:
        headers: without Content-Length, Date, Server and Connection, which are the transport's.
        body: for HEAD too, whose Content-Length tells it.
        hop_limit: IP TTL or hop limit to send it with; None: the usual one.
        post: what is to be kept before this is sent; None: nothing.
        wait: what the guest waits for before it is answered; None: nothing.
    """

    status: int
    headers: Headers
    body: bytes
    hop_limit: int | None = None
    post: Post | None = None
    wait: Wait | None = None


def refusal(status: int, *headers: tuple[bytes, bytes], reason: bytes = b"") -> Answer:
    """An error with a short plain body: the usual words for it, or better ones."""
    return Answer(status, ((b"Content-Type", PLAIN), *headers), (reason or _REASONS[status]) + b"\n")


def too_many(pause: float) -> Answer:
    """The refusal of a request that may be made again after some seconds."""
    return refusal(429, (b"Retry-After", b"%d" % math.ceil(pause)))


def not_allowed(*methods: bytes) -> Answer:
    """The refusal of a method where others are allowed. Source: RFC 9110 section 15.5.6."""
    return refusal(405, (b"Allow", b", ".join(methods)))


FORBIDDEN = Answer(403, ((b"Content-Type", PLAIN),), b"")
"""Empty, as AWS sends it."""
