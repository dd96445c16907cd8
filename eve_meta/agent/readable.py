"""A descriptor that is watched for something to read."""

from collections.abc import Callable
from typing import final

from attrs import frozen
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer


@final
@frozen(eq=False)
@implementer(IReadDescriptor)
class Readable:
    """Has something called whenever a descriptor has something to read, while a reactor watches it."""

    descriptor: int
    on_readable: Callable[[], None]

    def fileno(self) -> int:
        """What is watched."""
        return self.descriptor

    def doRead(self) -> None:
        """Have it read."""
        self.on_readable()

    def connectionLost(self, reason: Failure) -> None:
        """Not used: where the other end is gone, there is an end to be read."""

    def logPrefix(self) -> str:
        """What Twisted's own log calls this."""
        return "readable"
