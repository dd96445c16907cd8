"""The reactor that serves guests does for descriptors what Twisted's does."""

import socket
from collections.abc import Callable, Iterator

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import capturedLogs

from eve_meta.server.reactor import GuestReactor


class Descriptor:
    """Something readable."""

    def __init__(self, read: Callable[[], None]) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.send(b"x")
        self._read = read
        self.lost = 0

    def fileno(self) -> int:
        return self._ours.fileno()

    def logPrefix(self) -> str:
        return "a descriptor"

    def doRead(self) -> None:
        self._read()

    def connectionLost(self, reason: object) -> None:
        del reason
        self.lost += 1

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


@pytest.fixture(params=[GuestReactor, EPollReactor])
def reactor(request: pytest.FixtureRequest) -> Iterator[EPollReactor]:
    made: EPollReactor = request.param()
    yield made
    for each in made.removeAll():
        each.close()
    made._poller.close()


def test_what_fails_is_logged_and_lost(reactor: EPollReactor) -> None:
    """Others go on."""
    read: list[int] = []
    failing, other = Descriptor(lambda: read.append(1 // 0)), Descriptor(lambda: read.append(1))
    for each in (failing, other):
        reactor.addReader(each)

    with capturedLogs() as logged:
        reactor.iterate(1)

    assert (1, 0, [1]) == (failing.lost, other.lost, read)
    assert [ZeroDivisionError] == [event["failure"].type for event in logged]
    failing.close()


def test_what_was_ended_meanwhile_is_left_alone(reactor: EPollReactor) -> None:
    """Of two that are readable at once, the first ends the other."""
    read: list[int] = []

    def end(number: int) -> None:
        read.append(number)
        reactor.removeReader(both[1 - number])

    both = [Descriptor(lambda: end(0)), Descriptor(lambda: end(1))]
    for each in both:
        reactor.addReader(each)

    reactor.iterate(1)

    assert 1 == len(read)
    both[1 - read[0]].close()


def test_time(reactor: EPollReactor) -> None:
    """It does not wait for events when something else is due."""
    called: list[bool] = []
    reactor.callLater(0, called.append, True)  # noqa: FBT003 - what is called with it
    reactor.iterate(0)

    assert [True] == called
