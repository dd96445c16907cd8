"""A guest's TCP connection, which sends at once where Twisted's own waits for the reactor's next turn.

Twisted has the kernel tell when there is room, sends, and wants to be told no more: two of the four system
calls that an answer takes, and two again to close. There nearly always is room. Where there is none, and for
what is sent after that, Twisted's way is gone.
"""

from typing import TYPE_CHECKING, cast, final

from twisted.internet.main import CONNECTION_DONE
from twisted.internet.tcp import Server
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


@final
class GuestConnection(Server):
    """A transport that is used as any other."""

    _is_waiting = False

    def startWriting(self) -> None:
        """Wait until the kernel has room."""
        self._is_waiting = True
        super().startWriting()

    def stopWriting(self) -> None:
        """Wait no more: all is sent."""
        self._is_waiting = False
        super().stopWriting()

    def write(self, data: bytes) -> None:
        """Send what the kernel takes, and the rest when it takes more."""
        if self.connected and not self._is_waiting:
            sent = self.writeSomeData(data)
            # What has failed fails again when it is waited for, and is dealt with there.
            data = data if isinstance(sent, Exception) else data[sent:]
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
            clock.callLater(0, self.connectionLost, Failure(CONNECTION_DONE))
