"""What reaches a guest over a real connection, and when."""

import socket
from typing import TYPE_CHECKING, Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from eve_meta.server.connection import GuestConnection

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTCP

MUCH = bytes(range(256)) * 64 * 1024
PATIENCE_SECONDS = 20


class Silent(Protocol):
    """Says nothing by itself.

    Attributes:
        heard: what the guest has sent.
        lost: fires with the reason when the connection is gone.
    """

    transport: GuestConnection

    def __init__(self, made: "Deferred[Silent]") -> None:
        self._made = made
        self.heard = b""
        self.lost: Deferred[BaseException | None] = Deferred()

    def connectionMade(self) -> None:
        self._made.callback(self)

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(reason.value)


class GuestConnectionTests(TestCase):
    """A connection on loopback."""

    timeout = 60

    async def connect(self) -> tuple[socket.socket, Silent]:
        """Both ends."""
        made: Deferred[Silent] = Deferred()
        factory = cast("ServerFactory", ServerFactory.forProtocol(lambda: Silent(made)))
        port: Any = cast("IReactorTCP", reactor).listenTCP(0, factory, interface="127.0.0.1")
        port.transport = GuestConnection
        self.addCleanup(port.stopListening)
        guest = socket.create_connection(("127.0.0.1", port.getHost().port), timeout=PATIENCE_SECONDS)
        self.addCleanup(guest.close)
        ours = await made
        return guest, ours

    async def test_at_once(self) -> None:
        """What is written is sent before the reactor has its turn."""
        guest, ours = await self.connect()
        ours.transport.write(b"one")

        assert guest.recv(100) == b"one"

    async def test_much(self) -> None:
        """What the kernel has no room for is sent in order as the guest takes it, and closed behind."""
        guest, ours = await self.connect()
        for data in (b"first", MUCH, b"last"):
            ours.transport.write(data)
        ours.transport.loseConnection()

        assert await deferToThread(read_all, guest) == b"first" + MUCH + b"last"
        assert isinstance(await ours.lost, ConnectionDone)

    async def test_close(self) -> None:
        """A connection is closed in order, once, and nothing is sent any more."""
        guest, ours = await self.connect()
        ours.transport.write(b"one")
        ours.transport.loseConnection()
        ours.transport.loseConnection()

        assert isinstance(await ours.lost, ConnectionDone)
        ours.transport.write(b"two")
        assert await deferToThread(read_all, guest) == b"one"

    async def test_half_close(self) -> None:
        """Our side is closed behind what was written; the guest's is still read."""
        guest, ours = await self.connect()
        ours.transport.write(b"one")
        ours.transport.loseWriteConnection()

        assert await deferToThread(read_all, guest) == b"one"
        guest.sendall(b"more")
        guest.close()
        await ours.lost
        assert ours.heard == b"more"

    async def test_gone(self) -> None:
        """A guest that is gone when it is sent something is found out."""
        guest, ours = await self.connect()
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        guest.close()
        ours.transport.write(b"one")

        await ours.lost


def read_all(guest: socket.socket) -> bytes:
    """All that a guest is sent until its connection is closed."""
    return b"".join(iter(lambda: guest.recv(65536), b""))
