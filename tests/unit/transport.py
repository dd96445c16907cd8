"""A guest's connection in memory."""

import socket

from twisted.internet.testing import StringTransport

_HANDLE = socket.socket(socket.AF_INET6)


class GuestTransport(StringTransport):
    """Twisted's, and what it lacks: our side can be closed alone, and a guest may take nothing.

    Attributes:
        is_write_closed: whether our side was closed.
        full_bytes: after which a guest that takes nothing stops who sends; None: it takes all.
    """

    is_write_closed = False
    full_bytes: int | None = None

    def getHandle(self) -> socket.socket:
        """A socket that takes options, and is connected to nobody."""
        return _HANDLE

    def loseWriteConnection(self) -> None:
        """Close our side once all is sent."""
        self.is_write_closed = True

    def write(self, data: bytes) -> None:
        """Send."""
        super().write(data)
        if self.producer and self.full_bytes is not None and len(self.value()) > self.full_bytes:
            self.producer.pauseProducing()

    def take(self) -> bytes:
        """All that was sent, taken by the guest."""
        sent: bytes = self.value()
        self.clear()
        if self.producer:
            self.producer.resumeProducing()
        return sent
