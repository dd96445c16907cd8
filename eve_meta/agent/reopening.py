"""Opens at once, at a start, the doors that an earlier agent had open.

Note [Answering first]
    What an earlier agent has left is as it has left it, in all likelihood: the kernel steers the frames of
    each interface to its namespace, where nobody listens any more. So a start opens all those doors at once,
    and looks whether all is as it should be when guests are answered. It is no less safe: a door serves what
    the inventory says of its interface, before a look as after it, and only frames of that one come to it.
"""

import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from eve_meta.agent.forks import ServerGoneError
from eve_meta.agent.inventory import Inventory
from eve_meta.agent.pending import Pending
from eve_meta.agent.reconciler import Reconciler
from eve_meta.agent.server import Door
from eve_meta.agent.servers import Servers
from eve_meta.agent.sockets import Sockets

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
            await self._open_all()
        except Exception:  # noqa: BLE001 - the looks that follow make what is lacking
            self._log.failure("could not listen in all namespaces at once")
        with suppress(TooLateError):
            await self._opening.ended().addTimeout(REOPENING_SECONDS, self._clock)

    async def _open_all(self) -> None:
        """Begin to open the doors of each server."""
        for place, doors in self._doors(await self._sockets.prepare(self._inventory.interfaces())).items():
            self._opening.begin()
            for interface in doors:
                self._reconciler.hold(interface)
            opening = Deferred.fromCoroutine(self._servers.open_together(place, doors))
            opening.addBoth(self._opened, doors)

    def _doors(self, listening: Mapping[str, socket.socket]) -> dict[int, dict[str, Door]]:
        """What each server is to open, without interfaces that were detached meanwhile."""
        doors: dict[int, dict[str, Door]] = {}
        for interface, each in listening.items():
            record = self._inventory.record_of(interface)
            if record:
                place = self._servers.place(interface, record)
                doors.setdefault(place, {})[interface] = Door(each, record)
        return doors

    def _opened(self, result: Failure | None, interfaces: Iterable[str]) -> None:
        if result and not result.check(ServerGoneError):
            self._log.failure("doors could not be opened again", result)
        for each in interfaces:
            self._reconciler.let_go(each)
        self._opening.end()
