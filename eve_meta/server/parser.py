"""The requests in what a guest sends, bounded; what a request is, llhttp says, as it does for Node.js.

Source: RFC 9112; https://github.com/nodejs/llhttp, by https://github.com/MagicStack/httptools.
"""

from http import HTTPStatus
from typing import NoReturn, final

from attrs import Factory, define, frozen
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from eve_meta.limits import Limits

_VERSIONS = {"1.0", "1.1"}
_FRAMING = {b"content-length", b"transfer-encoding"}


@frozen(eq=False)
class Received:
    """A request that came whole.

    Attributes:
        target: as it came.
        headers: values by name in lower case, in the order in which they came.
        keeps_alive: whether its connection goes on behind it.
    """

    method: bytes
    target: bytes
    headers: dict[bytes, list[bytes]]
    body: bytes
    keeps_alive: bool


class _RefusedError(Exception):
    """Has llhttp stop within one of its calls to us; why is in `RequestParser.refusal` by then."""


@final
@define(eq=False)
class _Message:
    """A request of which not all has come."""

    target: bytes = b""
    headers: dict[bytes, list[bytes]] = Factory(dict)
    body: bytearray = Factory(bytearray)
    version: str = ""
    header_count: int = 0
    head_bytes: int = 0
    has_head: bool = False


@final
class RequestParser:
    """Takes what a guest sends, piece by piece, up to a request that is refused.

    Attributes:
        refusal: why one was, or is going to be.
        is_over: whether nothing more will be taken, be it for a refusal or not.
        awaits_continue: whether a guest waits for 100 (Continue) before it sends a body.
    """

    def __init__(self, limits: Limits) -> None:
        self.refusal: HTTPStatus | None = None
        self.is_over = False
        self.awaits_continue = False
        self._limits = limits
        self._parser = HttpRequestParser(self)
        self._message = _Message()
        self._is_amid = False
        self._found: list[Received] = []
        self._has_moved = False
        self._stuck_bytes = 0

    @property
    def is_amid_head(self) -> bool:
        """Whether the first line or the headers of a request have come in part."""
        return self._is_amid and not self._message.has_head

    @property
    def is_amid_body(self) -> bool:
        """Whether a request's headers have come, and its body not, or in part."""
        return self._is_amid and self._message.has_head

    @property
    def refuses_head(self) -> bool:
        """Whether what was refused is a HEAD request, whose answer has no body."""
        return self._is_amid and self._message.target != b"" and self._parser.get_method() == b"HEAD"

    def feed(self, data: bytes) -> list[Received]:
        """The requests that are whole with this piece."""
        if self.is_over:
            return []
        self._has_moved = False
        try:
            self._parser.feed_data(data)
            self._bound_what_is_stuck(len(data))
        except HttpParserUpgrade:
            self.is_over = True
        except (HttpParserError, _RefusedError):
            if not self.is_over:
                self.refusal = self.refusal or HTTPStatus.BAD_REQUEST
            self.is_over = True
        found, self._found = self._found, []
        return found

    def close(self) -> None:
        """Let go of llhttp, which holds on to us."""
        del self._parser

    def on_message_begin(self) -> None:
        """See httptools."""
        self._has_moved = True
        if self.is_over:
            raise _RefusedError
        if len(self._found) >= self._limits.requests_pipelined:
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS)
        self._message = _Message()
        self._is_amid = True

    def on_url(self, target: bytes) -> None:
        """See httptools; comes in pieces."""
        self._message.target += target
        self._count_head(len(target), HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; comes behind a chunked body, too, where it says nothing to us."""
        self._has_moved = True
        message = self._message
        message.header_count += 1
        if message.header_count > self._limits.headers:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._count_head(len(name) + len(value), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not message.has_head:
            message.headers.setdefault(name.lower(), []).append(value)

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._has_moved = True
        message = self._message
        message.has_head = True
        message.version = version = self._parser.get_http_version()
        if version not in _VERSIONS:
            is_later = version > max(_VERSIONS)
            self._refuse(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED if is_later else HTTPStatus.BAD_REQUEST)
        if message.headers.get(b"transfer-encoding", [b"chunked"])[0].lower() != b"chunked":
            self._refuse(HTTPStatus.NOT_IMPLEMENTED)
        # llhttp has seen to it that there is one, of digits.
        if int(message.headers.get(b"content-length", [b"0"])[0]) > self._limits.body_bytes:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self._parser.should_upgrade() and message.headers.keys() & _FRAMING:
            # httptools passes over such a body, whatever we say of the upgrade.
            self._refuse(HTTPStatus.BAD_REQUEST)
        expected = message.headers.get(b"expect", [])
        self.awaits_continue = version != "1.0" and [each.lower() for each in expected] == [b"100-continue"]

    def on_body(self, data: bytes) -> None:
        """See httptools."""
        self.awaits_continue = False
        body = self._message.body
        body += data
        if len(body) > self._limits.body_bytes:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_complete(self) -> None:
        """See httptools."""
        message, parser = self._message, self._parser
        self._is_amid = self.awaits_continue = False
        keeps_alive = parser.should_keep_alive() and not parser.should_upgrade() and message.version != "1.0"
        self.is_over = not keeps_alive
        received = Received(
            method=parser.get_method(),
            target=message.target,
            headers=message.headers,
            body=bytes(message.body),
            keeps_alive=keeps_alive,
        )
        self._found.append(received)

    def _count_head(self, count: int, refusal: HTTPStatus) -> None:
        self._message.head_bytes += count
        if self._message.head_bytes > self._limits.head_bytes:
            self._refuse(refusal)

    def _bound_what_is_stuck(self, count: int) -> None:
        """Refuse a header that goes on and on: httptools tells of it when it has ended, not before."""
        self._stuck_bytes = 0 if self._has_moved or not self.is_amid_head else self._stuck_bytes + count
        if self._stuck_bytes > self._limits.head_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _refuse(self, status: HTTPStatus) -> NoReturn:
        self.refusal = status
        raise _RefusedError
