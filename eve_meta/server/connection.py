"""A guest's TCP connection, which sends at once where Twisted's own waits for the reactor's next turn.

Twisted has the kernel tell when there is room, sends, and wants to be told no more: two of the four system
calls that an answer takes, and two again to close. There nearly always is room. Where there is none, and for
all but the first that is sent in a turn, Twisted's way is gone: a guest that asks for much, and takes it
fast, would otherwise keep all others waiting.

Note [Last words]
    What is written while a guest's bytes are read is held until they are, for by then it is known whether it
    is the last: then it leaves in one segment with the end of the connection, and is acknowledged with it.
    Our side is shut before the socket is closed: a socket that is closed with bytes in it that were not read
    is reset, and would take with it what is held.
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
    _is_holding = _is_last = False
    _held = b""

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
        self._is_holding = True
        self.protocol.dataReceived(data)
        self._is_holding = False
        if self._held:
            self._send_held()
        return None

    def write(self, data: bytes) -> None:
        """Send what the kernel takes, and the rest when it takes more."""
        if self._held:
            self._send_held()
        if self._may_send and self.connected and not self._is_waiting:
            self._may_send = False
            self._held = data
            if not self._is_holding:
                self._send_held()
        elif data:
            super().write(data)

    def getHandle(self) -> socket.socket:
        """The socket, for who changes how all that is written from now on is sent."""
        if self._held:
            self._send_held()
        return super().getHandle()

    def loseConnection(self) -> None:
        """Close; what is not sent yet is sent before."""
        if self._held:
            self._is_last = True
        elif self._is_waiting or self.disconnecting or not self.connected:
            super().loseConnection()
        else:
            self.disconnecting = True
            self.stopReading()
            clock = cast("IReactorTime", self.reactor)
            clock.callLater(0, self.connectionLost, connectionDone)

    def _send_held(self) -> None:
        """Send what was held: see Note [Last words]."""
        data, self._held = self._held, b""
        # What has failed fails again when it is waited for, and is dealt with there.
        with suppress(OSError):
            data = data[self.socket.send(data, socket.MSG_MORE if self._is_last else 0) :]
        if data:
            super().write(data)
        elif self._is_last:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        if self._is_last:
            self.loseConnection()
