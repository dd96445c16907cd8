"""The servers: which of them answers a VM."""

import socket
from collections.abc import Mapping
from typing import final

from twisted.application.service import MultiService

from eve_meta.agent.plan import OpenedDoor
from eve_meta.agent.record import Record
from eve_meta.agent.server import Door, Server
from eve_meta.agent.status import NotAnsweredError
from eve_meta.messages import Keeper
from eve_meta.totals import Totals
from eve_meta.traffic import Traffic


@final
class Servers(MultiService):
    """All servers. A VM's interfaces are all at one, so that they change at one instant.

    Attributes:
        count: how many there are.
    """

    def __init__(self, servers: tuple[Server, ...]) -> None:
        super().__init__()
        self.count = len(servers)
        self._servers = servers
        self._at: dict[str, int] = {}
        for each in servers:
            each.setServiceParent(self)

    @property
    def starts(self) -> int:
        """How many processes there were, of all servers."""
        return sum(each.starts for each in self._servers)

    def keep_posts(self, keep: Keeper) -> None:
        """Say what is to be done with what guests post."""
        for each in self._servers:
            each.keep = keep

    def place(self, interface: str, record: Record | None) -> int:
        """Which of them answers at an interface, or is to do so; any where nothing is to be served."""
        if interface in self._at:
            return self._at[interface]
        return self._place_of(record) if record else 0

    def door(self, interface: str) -> OpenedDoor | None:
        """What is served at an interface."""
        server = self._server(interface)
        return server.door(interface) if server else None

    def pid(self, interface: str) -> int | None:
        """The process that answers at an interface."""
        server = self._server(interface)
        return server.pid if server else None

    async def open(self, interface: str, listening: socket.socket, record: Record) -> None:
        """See `Server.open`."""
        place = self._place_of(record)
        await self._servers[place].open(interface, listening, record)
        self._at[interface] = place

    async def open_together(self, place: int, doors: Mapping[str, Door]) -> None:
        """See `Server.open_together`; `place` is that of each of the doors."""
        server = self._servers[place]
        await server.open_together(doors)
        self._at.update({each: place for each in doors if server.door(each)})

    async def access_log(self, interface: str) -> bytes:
        """See `Server.access_log`."""
        server = self._server(interface)
        if server is None:
            raise NotAnsweredError(interface)
        return await server.access_log(interface)

    async def traffic(self) -> Mapping[str, Traffic]:
        """How much guests ask, at each interface that is answered."""
        found: dict[str, Traffic] = {}
        for each in self._servers:
            found |= await each.traffic()
        return found

    async def totals(self) -> Totals:
        """What all of them have counted, each since its process began."""
        found = Totals()
        for each in self._servers:
            found = found.with_those_of(await each.totals())
        return found

    async def refresh(self, record: Record) -> None:
        """See `Server.refresh`."""
        await self._servers[self._place_of(record)].refresh(record)

    async def close(self, interface: str) -> None:
        """See `Server.close`."""
        await self._servers[self._at.pop(interface)].close(interface)

    def _server(self, interface: str) -> Server | None:
        return self._servers[self._at[interface]] if interface in self._at else None

    def _place_of(self, record: Record) -> int:
        return record.uuid.int % self.count
