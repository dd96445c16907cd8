"""Hostile guests at two doors in memory: each is answered for itself, or refused, or closed.

usage: python -m tests.fuzz.guest_http [REQUESTS]
"""

import secrets
import sys
import traceback
from collections.abc import Iterator
from random import Random
from typing import NamedTuple, cast
from uuid import UUID

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure

from eve_meta.answer import Metadata
from eve_meta.document import parse
from eve_meta.exchange import Post
from eve_meta.limits import Limits
from eve_meta.server.recall import Recall
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite, Shared
from tests.fuzz import boundaries, grammar
from tests.fuzz.memory import forget_peak, peak_mib
from tests.support import EXAMPLE
from tests.unit.transport import GuestTransport

MARKERS = ("marker-of-red", "marker-of-green")
STATUSES = {200, 304, 400, 401, 403, 404, 405, 409, 413, 414, 429, 431, 501, 505}
LIMITS = Limits()


class Reply(NamedTuple):
    """What a guest was answered to one request: the status, and the length that it was told."""

    status: int
    length: int


class GuestHttp:
    """Two doors of one server, and all that is logged meanwhile."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._recall = Recall()
        self.sites = [self._site(number, marker) for number, marker in enumerate(MARKERS)]
        self.logged: list[LogEvent] = []
        globalLogPublisher.addObserver(cast("ILogObserver", self.logged.append))

    def try_one(self, seed: str) -> int:
        """Have one guest send what comes of a seed; how often it was answered.

        Raises:
            AssertionError: something was answered that should not have been.
        """
        random = Random(seed)
        sent = grammar.conversation(random)
        number = random.randrange(2)
        answered = self._answered(number, grammar.pieces(random, sent))
        assert MARKERS[1 - number].encode() not in answered, "another VM's answer"
        replies = list(_replies(answered))
        assert {each.status for each in replies} <= STATUSES, replies
        if len(sent) < LIMITS.head_bytes:
            whole = list(_replies(self._answered(number, [sent])))
            assert whole == replies, "it counts how the same bytes arrive"
        assert not self.logged, self.logged
        self.clock.advance(1)
        return len(replies)

    def _answered(self, number: int, pieces: list[bytes]) -> bytes:
        transport = GuestTransport()
        channel = self.sites[number].buildProtocol(None)
        channel.makeConnection(transport)
        for piece in pieces:
            channel.dataReceived(piece)
        channel.readConnectionLost()
        assert transport.disconnecting, "a guest that has closed is closed"
        channel.connectionLost(Failure(ConnectionDone()))
        sent: bytes = transport.value()
        return sent

    def _site(self, number: int, marker: str) -> GuestSite:
        document = EXAMPLE | {"uuid": str(UUID(int=number + 1)), "hostname": marker, "user_data": marker}
        metadata = Metadata(parse(document), token_key=bytes([number]) * 32)
        resource = MetadataResource(f"tap{number}", metadata, self.clock, _keep, limits=LIMITS)
        return GuestSite(resource, LIMITS, self.clock, Shared(self._recall))


async def _keep(interface: str, vm: UUID, post: Post) -> None:
    """Take a post and do nothing with it."""


def _replies(answered: bytes) -> Iterator[Reply]:
    """Each reply as a client finds it; one to HEAD by what stands in its body's place: another reply."""
    while answered:
        head, end, rest = answered.partition(b"\r\n\r\n")
        assert end, answered[:200]
        line, *headers = head.split(b"\r\n")
        version, status, _ = line.split(b" ", 2)
        assert version == b"HTTP/1.1", line
        if status == b"304":
            yield Reply(int(status), 0)
        elif status != b"100":
            [length] = [int(each[16:]) for each in headers if each.startswith(b"Content-Length: ")]
            yield Reply(int(status), length)
            has_body = rest and not rest.startswith(b"HTTP/1.1 ")
            assert not has_body or len(rest) >= length, "a reply was cut short"
            rest = rest[length:] if has_body else rest
        answered = rest


def main(requests: int) -> int:
    """Have so many requests answered; 1 at the first that goes wrong, with the seed that shows it."""
    doors = GuestHttp()
    prefix = secrets.token_hex(4)
    conversations = answered = 0
    for percent in (25, 50, 75, 100):
        forget_peak()
        while answered < requests * percent / 100:
            seed = f"{prefix}:{conversations}"
            try:
                answered += doors.try_one(seed)
                boundaries.check(grammar.conversation(Random(seed)))
            except Exception:  # noqa: BLE001 - whatever it is, it is what is sought
                sys.stdout.write(f"seed {seed}:\n{traceback.format_exc()}")
                return 1
            conversations += 1
        peak = peak_mib()
        sys.stdout.write(
            f"{percent:3} %  {conversations} conversations, {answered} answers, peak {peak} MiB\n"
        )
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
