"""A guest's TCP connection, which sends at once where Twisted's own waits for the reactor's next turn.

Twisted has the kernel tell when there is room, sends, and wants to be told no more: two of the four system
calls that an answer takes, and two again to close. There nearly always is room. Where there is none, and for
all but the first that is sent in a turn, Twisted's way is gone: a guest that asks for much, and takes it
fast, would otherwise keep all others waiting.
"""

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast, final

from twisted.internet.interfaces import IProtocol
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Server

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


@final
class GuestConnection(Server):
    """A transport that is used as any other."""

    repstr = "<a guest's connection>"
    # No other process has the socket: to close it is enough, and one system call less.
    _shouldShutdown = False
    _is_waiting = False
    _may_send = False

    def __init__(
        self, connection: socket.socket, protocol: IProtocol, address: tuple[Any, ...], reactor: Any
    ) -> None:
        """Take an accepted socket over, and the address that it came with."""
        super().__init__(connection, protocol, address, cast("Any", None), 0, reactor)

    def startWriting(self) -> None:
        """Wait until the kernel has room."""
        self._is_waiting = True
        super().startWriting()

    def stopWriting(self) -> None:
        """Wait no more: all is sent."""
        self._is_waiting = False
        super().stopWriting()

    def doRead(self) -> Any:
        """Take what the guest has sent. One thing may be sent at once then: others want their turn, too."""
        self._may_send = True
        try:
            data = self.socket.recv(self.bufferSize)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not data:
            return CONNECTION_DONE
        self.protocol.dataReceived(data)
        return None

    def write(self, data: bytes) -> None:
        """Send what the kernel takes, and the rest when it takes more."""
        if self._may_send and self.connected and not self._is_waiting:
            self._may_send = False
            # What has failed fails again when it is waited for, and is dealt with there.
            with suppress(OSError):
                data = data[self.socket.send(data) :]
        if data:
            super().write(data)

    def loseConnection(self) -> None:
        """Close; what is not sent yet is sent before."""
        if self._is_waiting or self.disconnecting or not self.connected:
            super().loseConnection()
        else:
            self.disconnecting = True
            self.stopReading()
            clock = cast("IReactorTime", self.reactor)
            clock.callLater(0, self.connectionLost, connectionDone)
