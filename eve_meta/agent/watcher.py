"""Carries the kernel's changes from the watch to whoever waits for them."""

from collections.abc import Callable, Iterable
from typing import Any, final

from twisted.application.service import Service

from eve_meta.agent.readable import Readable
from netns import Changes, INetwork, IWatch


@final
class Watcher(Service):
    """Reads the watch of a network whenever there is something to read."""

    _watch: IWatch
    _readable: Readable

    def __init__(
        self, reactor: Any, network: INetwork, listeners: Iterable[Callable[[Changes], None]]
    ) -> None:
        self._reactor = reactor
        self._network = network
        self._listeners = tuple(listeners)

    def startService(self) -> None:
        """Begin to watch: whatever changes from now on is told."""
        self._watch = self._network.watch()
        self._readable = Readable(self._watch.fileno(), self._tell)
        self._reactor.addReader(self._readable)
        super().startService()

    def stopService(self) -> None:
        """End the watch, if there is one."""
        if not self.running:
            return
        super().stopService()
        self._reactor.removeReader(self._readable)
        self._watch.close()

    def _tell(self) -> None:
        """Tell what has changed."""
        changes = self._watch.read()
        for each in self._listeners:
            each(changes)
