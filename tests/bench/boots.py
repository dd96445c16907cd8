"""Guests that boot: each asks what cloud-init asks, one after the other, over a connection each.

usage: ip netns exec guests python -m tests.bench.boots FIRST COUNT SPREAD_SECONDS [PAUSE_SECONDS]

All start within the time given, evenly. With a pause they do it again and again, until standard input ends.
One process for all of them, without a framework: what it takes is taken from those who answer.

Prints a `Booted` as JSON. What is timed is from the first SYN to the end of the answer, as this process sees
them: while it sees to one guest, the others' answers wait for it.
"""

import gc
import json
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

from attrs import asdict, define, field, frozen

from tests.bench import crowd
from tests.hosts import HOSTNAME, IPV4

PATHS = tuple(Path(__file__).with_name("crawl.txt").read_text(encoding="ascii").split())
"""What cloud-init 22.4 asked with data source OpenStack, and the document of `crowd`."""

PATIENCE_SECONDS = 10
"""As cloud-init has for OpenStack. Source: cloudinit.sources.DataSource.url_timeout."""

_LOOK_SECONDS = 1
"""Between two looks at what takes too long."""

_OK = b"HTTP/1.1 200 "
_CHUNK_BYTES = 65536


@frozen(kw_only=True)
class Booted:
    """What came of it.

    Attributes:
        ms: of each request that was answered.
        failures: in words.
        seconds: from the first request's begin to the last one's end.
        asker_seconds: CPU time of the one who asked.
    """

    ms: tuple[float, ...] = ()
    failures: tuple[str, ...] = ()
    seconds: float = 0
    asker_seconds: float = 0

    def after(self, other: "Booted") -> "Booted":
        """Both together."""
        return Booted(
            ms=other.ms + self.ms,
            failures=other.failures + self.failures,
            seconds=other.seconds + self.seconds,
            asker_seconds=other.asker_seconds + self.asker_seconds,
        )


@define
class _Guest:
    """One that boots: `step` is called when its connection is ready; it is in `asking` while it has one."""

    number: int
    epoll: select.epoll
    asking: "dict[int, _Guest]"
    ms: list[float] = field(factory=list)
    failures: list[str] = field(factory=list)
    began: float = 0
    _asked: int = 0
    _connection: socket.socket | None = None
    _answer: bytes = b""

    def ask(self) -> None:
        """Begin the next request, if one is left."""
        if self._asked == len(PATHS):
            return
        self._answer = b""
        self._connection = socket.socket()
        self._connection.settimeout(0)
        nic = crowd.nic(self.number).encode()
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, nic)
        self.began = time.perf_counter()
        self._connection.connect_ex((IPV4, 80))
        self.epoll.register(self._connection, select.EPOLLOUT)
        self.asking[self._connection.fileno()] = self

    def step(self, event: int) -> None:
        """Send the request, or take some of the answer."""
        assert self._connection
        try:
            if event & select.EPOLLOUT:
                self._connection.send(self._request())
                self.epoll.modify(self._connection, select.EPOLLIN)
            elif chunk := self._connection.recv(_CHUNK_BYTES):
                self._answer += chunk
            else:
                self._end(None if self._is_right() else f"answered {self._answer[:80]!r}")
                self.ask()
        except OSError as error:
            self._end(str(error))
            self.ask()

    def check(self) -> None:
        """Give up the whole boot, as cloud-init does, if one answer takes too long."""
        if time.perf_counter() - self.began > PATIENCE_SECONDS:
            self._end(f"no answer within {PATIENCE_SECONDS} s")

    def _end(self, failure: str | None) -> None:
        assert self._connection
        del self.asking[self._connection.fileno()]
        self._connection.close()
        if failure:
            self.failures.append(f"guest {self.number}, {PATHS[self._asked]}: {failure}")
        else:
            self.ms.append((time.perf_counter() - self.began) * 1000)
        self._asked += 1

    def _request(self) -> bytes:
        return f"GET {PATHS[self._asked]} HTTP/1.1\r\nHost: {IPV4}\r\nConnection: close\r\n\r\n".encode()

    def _is_right(self) -> bool:
        head, _, body = self._answer.partition(b"\r\n\r\n")
        is_own = PATHS[self._asked] != HOSTNAME or body == crowd.hostname(self.number).encode()
        return head.startswith(_OK) and is_own


def boot(first: int, count: int, spread_seconds: float) -> Booted:
    """Boot some guests once."""
    epoll = select.epoll()
    asking: dict[int, _Guest] = {}
    guests = [_Guest(number, epoll, asking) for number in range(first, first + count)]
    began, used = time.perf_counter(), time.process_time()
    waiting = deque((began + spread_seconds * place / count, guest) for place, guest in enumerate(guests))
    looked = began
    while waiting or asking:
        while waiting and waiting[0][0] <= time.perf_counter():
            waiting.popleft()[1].ask()
        patience = max(0, waiting[0][0] - time.perf_counter()) if waiting else _LOOK_SECONDS
        for descriptor, event in epoll.poll(min(_LOOK_SECONDS, patience)):
            asking[descriptor].step(event)
        if time.perf_counter() - looked > _LOOK_SECONDS:
            looked = time.perf_counter()
            for each in tuple(asking.values()):
                each.check()
    epoll.close()
    return Booted(
        ms=tuple(ms for each in guests for ms in each.ms),
        failures=tuple(words for each in guests for words in each.failures),
        seconds=time.perf_counter() - began,
        asker_seconds=time.process_time() - used,
    )


def main(first: str, count: str, spread_seconds: str, pause_seconds: str | None = None) -> None:
    """Boot them, once or again and again."""
    # What looks for garbage here would be told as a wait for answers.
    gc.disable()
    found = boot(int(first), int(count), float(spread_seconds))
    while pause_seconds and not select.select([sys.stdin], [], [], float(pause_seconds))[0]:
        found = boot(int(first), int(count), float(spread_seconds)).after(found)
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
