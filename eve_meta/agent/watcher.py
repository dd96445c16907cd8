"""Carries the kernel's changes from the watch to whoever waits for them."""

from collections.abc import Callable, Iterable
from typing import Any, final

from twisted.application.service import Service
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from netns import Changes, INetwork, IWatch


@final
@implementer(IReadDescriptor)
class Watcher(Service):
    """Reads the watch of a network whenever there is something to read."""

    _watch: IWatch

    def __init__(
        self, reactor: Any, network: INetwork, listeners: Iterable[Callable[[Changes], None]]
    ) -> None:
        self._reactor = reactor
        self._network = network
        self._listeners = tuple(listeners)

    def startService(self) -> None:
        """Begin to watch: whatever changes from now on is told."""
        super().startService()
        self._watch = self._network.watch()
        self._reactor.addReader(self)

    def stopService(self) -> None:
        """End the watch."""
        super().stopService()
        self._reactor.removeReader(self)
        self._watch.close()

    def fileno(self) -> int:
        """The watch's descriptor."""
        return self._watch.fileno()

    def doRead(self) -> None:
        """Tell what has changed."""
        changes = self._watch.read()
        for each in self._listeners:
            each(changes)

    def connectionLost(self, reason: Failure) -> None:
        """A watch has no other end that could be lost."""

    def logPrefix(self) -> str:
        """What Twisted's own log calls this."""
        return "watcher"
