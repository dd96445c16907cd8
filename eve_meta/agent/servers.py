"""The servers: which of them answers a VM, and what each has been handed."""

import os
import socket
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast, final
from uuid import UUID

from attrs import define
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList, DeferredLock, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from eve_meta.agent.forks import ServerGoneError
from eve_meta.agent.plan import OpenedDoor
from eve_meta.agent.process import IServerProcess
from eve_meta.agent.record import Record
from eve_meta.brief import Brief, write_brief
from eve_meta.errors import EveMetaError
from eve_meta.messages import CloseDoor, KeepPassword, NotKeptError, OpenDoor, Refresh

_ASKED_AT_ONCE = 64
"""Two descriptors go with each question; the kernel lets 253 pass at once. Source: SCM_MAX_FD, net/scm.h."""


@define
class _Door:
    """What a server should have."""

    listening: socket.socket
    record: Record


@final
class Server(MultiService):
    """One server, and the doors that it should have.

    What should be is in `_doors`, what the process has been told in `_told`, and `_settle` closes the
    difference. A process that was started again has been told nothing, so the same lines open a door, refresh
    it, close it, and bring all of them back. Meanwhile guests wait in the sockets' backlogs.

    Attributes:
        keep_password: called with what a guest has set.
    """

    keep_password: KeepPassword
    _log = Logger()

    def __init__(self, process: IServerProcess) -> None:
        super().__init__()
        self._process = process
        self._doors: dict[str, _Door] = {}
        self._told: dict[str, Record] = {}
        self._unsettled: set[str] = set()
        self._refused: dict[str, EveMetaError] = {}
        self._lock = DeferredLock()
        self._waiting: list[Deferred[None]] = []
        process.on_start = self._begin_again
        process.keep_password = self._keep_password
        process.setServiceParent(self)

    def stopService(self) -> "Deferred[None]":
        """End the process; fires when it is gone."""
        stopped = maybeDeferred(super().stopService)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.errback(ServerGoneError())
        return stopped

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._process.pid

    def door(self, interface: str) -> OpenedDoor | None:
        """What is served at an interface; None when this server has no door of it."""
        door = self._doors.get(interface)
        return OpenedDoor(door.record.uuid, door.record.edition) if door else None

    async def open(self, interface: str, listening: socket.socket, record: Record) -> None:
        """Answer at a socket, which is to stay open; returns once guests are answered.

        Raises:
            EveMetaError: the server refuses the record.
        """
        self._doors[interface] = _Door(listening, record)
        try:
            await self._bring_about({interface})
        except EveMetaError:
            del self._doors[interface]
            raise

    async def refresh(self, record: Record) -> None:
        """Answer from a record at all doors of its VM, from one instant on.

        Raises:
            EveMetaError: the server refuses the record; it goes on with what it had.
        """
        doors = {name: each for name, each in self._doors.items() if each.record.uuid == record.uuid}
        before = {name: each.record for name, each in doors.items()}
        for each in doors.values():
            each.record = record
        try:
            await self._bring_about(set(doors))
        except EveMetaError:
            for name, each in doors.items():
                each.record = before[name]
            raise

    async def close(self, interface: str) -> None:
        """Answer at an interface no more; returns when no process of ours but this holds its namespace."""
        del self._doors[interface]
        await self._bring_about({interface})

    async def _keep_password(self, interface: str, vm: UUID, password: str) -> None:
        """Have it kept, if the process answers this VM there: it has no say in others."""
        door = self.door(interface)
        if door is None or door.uuid != vm:
            raise NotKeptError(f"{vm} is not answered there")
        await self.keep_password(interface, vm, password)

    def _begin_again(self) -> None:
        self._told.clear()
        self._unsettled.update(self._doors)
        Deferred.fromCoroutine(self._settle_again()).addErrback(self._report)

    def _report(self, failure: Failure) -> None:
        self._log.failure("a server was not handed its doors", failure)

    async def _settle_again(self) -> None:
        try:
            await self._settle()
        except ServerGoneError:
            return
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)
        for interface, error in self._refused.items():
            self._log.error("{interface}: {error}", interface=interface, error=error)
            self._doors.pop(interface, None)
        self._refused.clear()

    async def _bring_about(self, interfaces: set[str]) -> None:
        """Settle what has changed; if the process dies meanwhile, its next start does."""
        self._unsettled |= interfaces
        try:
            await self._settle()
        except ServerGoneError:
            if not self.running:
                raise
            again: Deferred[None] = Deferred()
            self._waiting.append(again)
            await again
        refused = [self._refused.pop(each) for each in interfaces if each in self._refused]
        if refused:
            raise refused[0]

    async def _settle(self) -> None:
        await self._lock.acquire()
        try:
            while self._unsettled:
                interfaces = tuple(islice(self._unsettled, _ASKED_AT_ONCE))
                await _together(self._settle_one(each) for each in interfaces)
        finally:
            self._lock.release()

    async def _settle_one(self, interface: str) -> None:
        door, told = self._doors.get(interface), self._told.get(interface)
        try:
            if told and (door is None or door.record.uuid != told.uuid):
                await self._process.ask(CloseDoor, interface=interface)
                del self._told[interface]
            elif door and told is None:
                await self._tell_open(interface, door)
            elif door and told and door.record.edition != told.edition:
                await self._tell_refresh(door.record)
            else:
                self._unsettled.discard(interface)
        except ServerGoneError:
            raise
        except EveMetaError as error:
            self._refused[interface] = error
            self._unsettled.discard(interface)

    async def _tell_open(self, interface: str, door: _Door) -> None:
        record = door.record
        with _brief(record) as brief:
            listening = door.listening.fileno()
            await self._process.ask(OpenDoor, interface=interface, socket=listening, brief=brief)
        self._told[interface] = record

    async def _tell_refresh(self, record: Record) -> None:
        interfaces = [name for name, told in self._told.items() if told.uuid == record.uuid]
        with _brief(record) as brief:
            await self._process.ask(Refresh, interfaces=interfaces, brief=brief)
        self._told.update(dict.fromkeys(interfaces, record))


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

    def keep_passwords(self, keep: KeepPassword) -> None:
        """Say what is to be done with what guests set."""
        for each in self._servers:
            each.keep_password = keep

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


@contextmanager
def _brief(record: Record) -> Iterator[int]:
    brief = Brief(
        document=record.document,
        token_key=record.token_key,
        revision=record.revision,
        password=record.password,
    )
    descriptor = write_brief(brief)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _together(asking: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Return when all have ended; raises what the first that failed has raised."""
    all_ended = DeferredList([*map(Deferred.fromCoroutine, asking)], consumeErrors=True)
    for is_done, failure in cast("list[tuple[bool, Failure]]", await all_ended):
        if not is_done:
            failure.raiseException()
