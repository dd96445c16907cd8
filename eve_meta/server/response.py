"""The head of a response as bytes."""

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from twisted.web.http import datetimeToString

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES = {each.value: each.phrase.encode() for each in HTTPStatus}
_MANY_STATUSES = 8
"""That are answered with in one second."""


def head(status: int, headers: Iterable[tuple[bytes, bytes]], now: float, *, is_last: bool) -> bytes:
    """What stands before the content; `now` is Unix time; behind the last response a connection is closed."""
    lines = [_start(status, int(now)), *(b"%s: %s\r\n" % each for each in headers)]
    if is_last:
        lines.append(b"Connection: close\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


@lru_cache(_MANY_STATUSES)
def _start(status: int, now: int) -> bytes:
    date: bytes = datetimeToString(now)
    return b"HTTP/1.1 %d %s\r\nServer: eve-meta\r\nDate: %s\r\n" % (status, _PHRASES[status], date)
