"""The requests in what a guest sends, bounded; what a request is, llhttp says, as it does for Node.js.

Source: RFC 9112; https://github.com/nodejs/llhttp, by https://github.com/MagicStack/httptools.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NoReturn, final

from attrs import Factory, define
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from eve_meta.exchange import Request
from eve_meta.limits import Limits
from eve_meta.server.recall import Recall, Received

_VERSIONS = {"1.0", "1.1"}
_FRAMING = {b"content-length", b"transfer-encoding"}


class _RefusedError(Exception):
    """Has llhttp stop within one of its calls to us; why is in `RequestParser.refusal` by then."""


@final
@define(eq=False)
class _Message:
    """A request of which not all has come."""

    target: bytes = b""
    lines: list[tuple[bytes, bytes]] = Factory(list)
    headers: dict[bytes, list[bytes]] | None = None
    body: bytearray = Factory(bytearray)
    version: str = ""
    head_bytes: int = 0


@final
class RequestParser:
    """Takes what a guest sends, piece by piece, up to a request that is refused.

    Attributes:
        refusal: why one was, or is going to be.
        limit: the name of the one that it was refused for, if it was that.
        is_over: whether nothing more will be taken, be it for a refusal or not.
        is_amid: whether a request has come in part.
        awaits_continue: whether a guest waits for 100 (Continue) before it sends a body.
    """

    _message: _Message
    _parser: HttpRequestParser | None = None

    def __init__(self, limits: Limits, recall: Recall) -> None:
        """Take what bounds a request, and what those with the same bounds were read as."""
        self.refusal: HTTPStatus | None = None
        self.limit = ""
        self.is_over = False
        self.awaits_continue = False
        self._limits = limits
        self._recall = recall
        self.is_amid = False
        self._found: list[Received] = []
        self._has_moved = False
        self._stuck_bytes = 0

    @property
    def is_amid_head(self) -> bool:
        """Whether the first line or the headers of a request have come in part."""
        return self.is_amid and self._message.headers is None

    @property
    def refuses_head(self) -> bool:
        """Whether what was refused is a HEAD request, whose answer has no body."""
        return self.is_amid and self._message.target != b"" and self._llhttp.get_method() == b"HEAD"

    def feed(self, data: bytes) -> Sequence[Received]:
        """The requests that are whole with this piece."""
        if self.is_over:
            return ()
        known = None if self.is_amid else self._recall.read(data)
        if known:
            self.is_over = not known.keeps_alive
            return (known,)
        is_whole = not self.is_amid
        found = self._read(data)
        if is_whole and len(found) == 1 and not (self.is_amid or self.refusal):
            self._recall.note(data, found[0])
        return found

    def _read(self, data: bytes) -> list[Received]:
        self._has_moved = False
        try:
            self._llhttp.feed_data(data)
            self._bound_what_is_stuck(len(data))
        except HttpParserUpgrade:
            self.is_over = True
        except (HttpParserError, _RefusedError):
            if not self.is_over:
                self.refusal = self.refusal or HTTPStatus.BAD_REQUEST
            self.is_over = True
        found, self._found = self._found, []
        return found

    @property
    def _llhttp(self) -> HttpRequestParser:
        """What reads; many a connection has nothing that is not known."""
        if self._parser is None:
            self._parser = HttpRequestParser(self)
        return self._parser

    def end(self) -> None:
        """Take nothing more."""
        self.is_over = True
        self.refusal = None

    def close(self) -> None:
        """Let go of llhttp, which holds on to us."""
        self._parser = None

    def on_message_begin(self) -> None:
        """See httptools."""
        self._has_moved = True
        if self.is_over:
            raise _RefusedError
        if len(self._found) >= self._limits.requests_pipelined:
            self._bound("requests_pipelined", HTTPStatus.TOO_MANY_REQUESTS)
        self._message = _Message()
        self.is_amid = True

    def on_url(self, target: bytes) -> None:
        """See httptools; comes in pieces."""
        message = self._message
        message.target += target
        message.head_bytes += len(target)
        if message.head_bytes > self._limits.head_bytes:
            self._bound("head_bytes", HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; comes behind a chunked body, too, where it says nothing to us."""
        self._has_moved = True
        message = self._message
        message.lines.append((name, value))
        message.head_bytes += len(name) + len(value)
        if message.head_bytes > self._limits.head_bytes:
            self._bound("head_bytes", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if len(message.lines) > self._limits.headers:
            self._bound("headers", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._has_moved = True
        message = self._message
        headers: dict[bytes, list[bytes]] = {}
        for name, value in message.lines:
            headers.setdefault(name.lower(), []).append(value)
        message.headers = headers
        message.version = version = self._llhttp.get_http_version()
        if version not in _VERSIONS:
            is_later = version > max(_VERSIONS)
            self._refuse(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED if is_later else HTTPStatus.BAD_REQUEST)
        if not _FRAMING.isdisjoint(headers):
            self._check_body(headers)

    def _check_body(self, headers: dict[bytes, list[bytes]]) -> None:
        """Refuse a body that is too long, or whose end not all would see at the same place."""
        if headers.get(b"transfer-encoding", [b"chunked"])[0].lower() != b"chunked":
            self._refuse(HTTPStatus.NOT_IMPLEMENTED)
        # llhttp has seen to it that there is one, of digits.
        if int(headers.get(b"content-length", [b"0"])[0]) > self._limits.body_bytes:
            self._bound("body_bytes", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self._llhttp.should_upgrade():
            # httptools passes over such a body, whatever we say of the upgrade.
            self._refuse(HTTPStatus.BAD_REQUEST)
        expected = [each.lower() for each in headers.get(b"expect", [])]
        self.awaits_continue = self._message.version != "1.0" and expected == [b"100-continue"]

    def on_body(self, data: bytes) -> None:
        """See httptools."""
        self.awaits_continue = False
        body = self._message.body
        body += data
        if len(body) > self._limits.body_bytes:
            self._bound("body_bytes", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_complete(self) -> None:
        """See httptools."""
        message, parser = self._message, self._llhttp
        self.is_amid = self.awaits_continue = False
        keeps_alive = parser.should_keep_alive() and not parser.should_upgrade() and message.version != "1.0"
        self.is_over = not keeps_alive
        headers = {name: b", ".join(values) for name, values in (message.headers or {}).items()}
        request = Request(parser.get_method(), message.target, headers, bytes(message.body))
        self._found.append(Received(request, keeps_alive))

    def _bound_what_is_stuck(self, count: int) -> None:
        """Refuse a header that goes on and on: httptools tells of it when it has ended, not before."""
        self._stuck_bytes = 0 if self._has_moved or not self.is_amid_head else self._stuck_bytes + count
        if self._stuck_bytes > self._limits.head_bytes:
            self._bound("head_bytes", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _bound(self, limit: str, status: HTTPStatus) -> NoReturn:
        self.limit = limit
        self._refuse(status)

    def _refuse(self, status: HTTPStatus) -> NoReturn:
        self.refusal = status
        raise _RefusedError
