"""The head of a response as bytes."""

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from twisted.web.http import datetimeToString

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES = {each.value: each.phrase.encode() for each in HTTPStatus}


def head(status: int, headers: Iterable[tuple[bytes, bytes]], now: float, *, is_last: bool) -> bytes:
    """What stands before the content; `now` is Unix time; behind the last response a connection is closed."""
    lines = [b"HTTP/1.1 %d %s" % (status, _PHRASES[status]), b"Server: eve-meta", _date(int(now))]
    lines += [b"%s: %s" % each for each in headers]
    if is_last:
        lines.append(b"Connection: close")
    return b"\r\n".join((*lines, b"", b""))


@lru_cache(1)
def _date(now: int) -> bytes:
    date: bytes = datetimeToString(now)
    return b"Date: " + date
