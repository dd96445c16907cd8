"""The head of a response as bytes."""

from functools import lru_cache
from http import HTTPStatus

from twisted.web.http import datetimeToString

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES = {each.value: each.phrase.encode() for each in HTTPStatus}
_REMEMBERED_HEADS = 256
"""More than the guests of one server are sent in the second for which they are the same."""


@lru_cache(_REMEMBERED_HEADS)
def head(status: int, headers: tuple[tuple[bytes, bytes], ...], now: int, *, is_last: bool) -> bytes:
    """What stands before the content; `now` is Unix time; behind the last response a connection is closed."""
    lines = [_start(status, now), *(b"%s: %s" % each for each in headers)]
    if is_last:
        lines.append(b"Connection: close")
    return b"\r\n".join((*lines, b"", b""))


@lru_cache(len(_PHRASES))
def _start(status: int, now: int) -> bytes:
    """What is the same for all guests within a second."""
    return b"HTTP/1.1 %d %s\r\nServer: eve-meta\r\nDate: %s" % (
        status,
        _PHRASES[status],
        datetimeToString(now),
    )
