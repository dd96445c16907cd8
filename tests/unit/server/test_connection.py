"""What reaches a guest over a real connection, and when."""

import socket
import sys
from typing import TYPE_CHECKING

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from eve_meta.server.connection import GuestConnection

if TYPE_CHECKING:
    from collections.abc import Callable

MUCH = bytes(range(256)) * 64 * 1024
PATIENCE_SECONDS = 20


class Silent(Protocol):
    """Says nothing by itself.

    Attributes:
        heard: what the guest has sent.
        on_heard: called when it has sent some of it.
        lost: fires with the reason when the connection is gone.
    """

    transport: GuestConnection

    def __init__(self) -> None:
        self.heard = b""
        self.on_heard: Callable[[], object] = lambda: None
        self.lost: Deferred[BaseException | None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        self.on_heard()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(reason.value)


class GuestConnectionTests(TestCase):
    """A connection on loopback."""

    timeout = 60

    def connect(self) -> tuple[socket.socket, Silent]:
        """Both ends."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            guest = socket.create_connection(listening.getsockname(), timeout=PATIENCE_SECONDS)
            self.addCleanup(guest.close)
            accepted, address = listening.accept()
        ours = Silent()
        ours.makeConnection(GuestConnection(accepted, ours, address, reactor))
        self.addCleanup(ours.transport.abortConnection)
        return guest, ours

    async def test_at_once(self) -> None:
        """What a guest is answered is sent before the reactor has its turn, but once for all that it asks."""
        guest, ours = self.connect()
        guest.sendall(b"?")
        ours.transport.doRead()
        ours.transport.write(b"one")
        ours.transport.write(b"two")

        assert guest.recv(100) == b"one"
        assert await deferToThread(guest.recv, 100) == b"two"

    async def test_much(self) -> None:
        """What the kernel has no room for is sent in order as the guest takes it, and closed behind."""
        guest, ours = self.connect()
        guest.sendall(b"?")
        ours.transport.doRead()
        for data in (MUCH, b"first", MUCH, b"last"):
            ours.transport.write(data)
        ours.transport.loseConnection()

        assert await deferToThread(read_all, guest) == MUCH + b"first" + MUCH + b"last"
        assert isinstance(await ours.lost, ConnectionDone)

    async def test_last(self) -> None:
        """What is answered last is sent in order with all before it, and closed behind."""
        for answers in ([b"one"], [b"one", b"two"], [MUCH], [b"one", MUCH, b"two"], [MUCH, b"two"]):
            guest, ours = self.connect()
            ours.on_heard = closing(ours, *answers)
            guest.sendall(b"?")

            assert await deferToThread(read_all, guest) == b"".join(answers)
            assert isinstance(await ours.lost, ConnectionDone)

    async def test_last_segment(self) -> None:
        """The guest hears the end with the answer."""
        guest, ours = self.connect()
        ours.on_heard = closing(ours, b"one")
        guest.sendall(b"?")
        before = segments(guest)
        ours.transport.doRead()

        assert [b"one", b""] == [guest.recv(100), guest.recv(100)]
        assert before + 1 == segments(guest)

    async def test_unread(self) -> None:
        """A guest that says more than is read is answered before its connection is reset."""
        guest, ours = self.connect()
        ours.on_heard = closing(ours, b"one")
        guest.sendall(b"?" * (ours.transport.bufferSize + 1))

        assert b"one" == await deferToThread(guest.recv, 100)
        await ours.lost

    async def test_abort(self) -> None:
        """A connection that is aborted while it is answered is gone."""
        guest, ours = self.connect()

        def abort() -> None:
            ours.transport.write(b"one")
            ours.transport.abortConnection()

        ours.on_heard = abort
        guest.sendall(b"?")

        assert isinstance(await ours.lost, ConnectionAborted)

    async def test_handle(self) -> None:
        """How it is sent what was written before does not depend on what the socket is told after."""
        guest, ours = self.connect()
        sent = []

        def answer() -> None:
            ours.transport.write(b"one")
            ours.transport.getHandle()
            sent.append(guest.recv(100))

        ours.on_heard = answer
        guest.sendall(b"?")
        ours.transport.doRead()

        assert [b"one"] == sent

    async def test_close(self) -> None:
        """A connection is closed in order, once, and nothing is sent any more."""
        guest, ours = self.connect()
        ours.transport.write(b"one")
        ours.transport.loseConnection()
        ours.transport.loseConnection()

        assert isinstance(await ours.lost, ConnectionDone)
        ours.transport.write(b"two")
        assert await deferToThread(read_all, guest) == b"one"

    async def test_half_close(self) -> None:
        """Our side is closed behind what was written; the guest's is still read."""
        guest, ours = self.connect()
        ours.transport.write(b"one")
        ours.transport.loseWriteConnection()

        assert await deferToThread(read_all, guest) == b"one"
        guest.sendall(b"more")
        guest.close()
        await ours.lost
        assert ours.heard == b"more"

    async def test_gone(self) -> None:
        """A guest that is gone when it is sent something is found out."""
        guest, ours = self.connect()
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        guest.close()
        ours.transport.write(b"one")

        await ours.lost


def closing(ours: Silent, *answers: bytes) -> "Callable[[], None]":
    """Writes answers and closes behind them."""

    def answer() -> None:
        for each in answers:
            ours.transport.write(each)
        ours.transport.loseConnection()

    return answer


def segments(guest: socket.socket) -> int:
    """How many the guest has got by now. Source: `tcpi_segs_in` of `struct tcp_info`, linux/tcp.h."""
    told = guest.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return int.from_bytes(told[140:144], sys.byteorder)


def read_all(guest: socket.socket) -> bytes:
    """All that a guest is sent until its connection is closed."""
    return b"".join(iter(lambda: guest.recv(65536), b""))
