"""What was read before is read the same, whatever came before it on its connection."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from

from eve_meta.exchange import Request
from eve_meta.limits import Limits
from eve_meta.server.parser import RequestParser
from eve_meta.server.recall import MAX_BYTES, MAX_REQUESTS, Recall, Received

HOST = b" HTTP/1.1\r\nHost: x\r\n"
LEAF = b"GET /leaf" + HOST + b"\r\n"
LAST = b"GET /last" + HOST + b"Connection: close\r\n\r\n"
PIECES = (
    LEAF,
    LAST,
    LEAF + LEAF,
    LEAF + b"\r\n",
    b"\r\n" + LEAF,
    b"\r\n",
    b"\r",
    b"\n",
    LAST + b"more",
    LEAF[:9],
    LEAF[9:],
    LEAF[:-1],
    b"HEAD /leaf" + HOST + b"\r\n",
    b"GET /old HTTP/1.0\r\n\r\n",
    b"GET /later HTTP/2.0\r\n\r\n",
    b"GET /upgrade" + HOST + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    b"CONNECT x:1" + HOST + b"\r\n",
    b"POST /body" + HOST + b"Content-Length: 2\r\n\r\n",
    b"POST /body" + HOST + b"Content-Length: 2\r\n\r\nab",
    b"POST /none" + HOST + b"Content-Length: 0\r\nExpect: 100-continue\r\n\r\n",
    b"POST /chunks" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
    b"POST /chunks" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"1\r\na\r\n",
    b"0\r\n\r\n",
    b"ab",
    b"nonsense\r\n\r\n",
)


class NoRecall(Recall):  # type: ignore[misc] # final for all but this
    """Remembers nothing."""

    def note(self, piece: bytes, received: Received) -> None:
        del piece, received


def readings(pieces: Iterable[bytes], recall: Recall) -> list[tuple[object, ...]]:
    """What a connection's pieces are read as, and what is known of it after each."""
    parser = RequestParser(Limits(), recall)
    found: list[tuple[object, ...]] = []
    for piece in pieces:
        read = [(each.request, each.keeps_alive) for each in parser.feed(piece)]
        is_amid = parser.is_amid, parser.is_amid_head, parser.refuses_head
        found.append((read, parser.refusal, parser.is_over, parser.awaits_continue, *is_amid))
    return found


@given(lists(sampled_from(PIECES), max_size=6))
@settings(max_examples=300)
def test_as_if_nothing_were_remembered(pieces: list[bytes]) -> None:
    recall = Recall()
    for each in PIECES:
        readings([each], recall)
    assert recall.read(LEAF)

    assert readings(pieces, NoRecall()) == readings(pieces, recall)


def test_what_is_not_remembered() -> None:
    """What may be secret, what is long, and what is more than one request."""
    recall = Recall()
    body = b"POST /openstack/latest/password" + HOST + b"Content-Length: 6\r\n\r\nsecret"
    long = b"GET /" + b"a" * MAX_BYTES + HOST + b"\r\n"
    for piece in (body, long, LEAF + LEAF):
        readings([piece], recall)

        assert recall.read(piece) is None


def test_bounded() -> None:
    """Ever other requests take no more room than so many; what is asked after them is remembered again."""
    recall = Recall()
    received = Received(Request(b"GET", b"/", {}), keeps_alive=True)
    pieces = [b"%d" % number for number in range(3 * MAX_REQUESTS)]
    for piece in pieces:
        recall.note(piece, received)

    assert len([piece for piece in pieces if recall.read(piece)]) <= MAX_REQUESTS
    assert recall.read(pieces[-1]) is received
