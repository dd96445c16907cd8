"""Opens at once, at a start, the doors that an earlier agent had open.

Note [Answering first]
    What an earlier agent has left is as it has left it, in all likelihood: the kernel steers the frames of
    each interface to its namespace, where nobody listens any more. So a start opens all those doors at once,
    and looks whether all is as it should be when guests are answered. It is no less safe: a door serves what
    the inventory says of its interface, before a look as after it, and only frames of that one come to it.
"""

import socket
from contextlib import suppress
from typing import final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from eve_meta.agent.inventory import Inventory
from eve_meta.agent.pending import Pending
from eve_meta.agent.reconciler import Reconciler
from eve_meta.agent.servers import Servers
from eve_meta.agent.sockets import Sockets
from eve_meta.errors import EveMetaError

REOPENING_SECONDS = 5.0
"""After which doors are waited for no more whose servers have not come up."""


@final
class Reopening:
    """Opens doors; what is refused, or could not be made, is for the looks that follow."""

    _log = Logger()

    def __init__(
        self,
        inventory: Inventory,
        sockets: Sockets,
        servers: Servers,
        reconciler: Reconciler,
        clock: IReactorTime,
    ) -> None:
        self._inventory = inventory
        self._sockets = sockets
        self._servers = servers
        self._reconciler = reconciler
        self._clock = clock
        self._opening = Pending()

    async def reopen(self) -> None:
        """Return when guests are answered, or after a time; an interface is not looked at meanwhile."""
        try:
            listening = await self._sockets.prepare(self._inventory.interfaces())
        except Exception:  # noqa: BLE001 - the looks that follow make what is lacking
            self._log.failure("could not listen in all namespaces at once")
            return
        for interface, each in listening.items():
            self._opening.begin()
            self._reconciler.hold(interface)
            Deferred.fromCoroutine(self._open(interface, each)).addBoth(self._opened, interface)
        with suppress(TooLateError):
            await self._opening.ended().addTimeout(REOPENING_SECONDS, self._clock)

    async def _open(self, interface: str, listening: socket.socket) -> None:
        """Open a door, unless its interface was detached meanwhile."""
        record = self._inventory.record_of(interface)
        if record:
            with suppress(EveMetaError):
                await self._servers.open(interface, listening, record)

    def _opened(self, result: Failure | None, interface: str) -> None:
        if result:
            self._log.failure("{interface}: could not be opened again", result, interface=interface)
        self._reconciler.let_go(interface)
        self._opening.end()
