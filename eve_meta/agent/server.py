"""One server, and the doors that it should have."""

import os
import socket
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast, final
from uuid import UUID

from attrs import define, field
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from eve_meta.agent import telling
from eve_meta.agent.forks import ServerGoneError
from eve_meta.agent.plan import OpenedDoor
from eve_meta.agent.process import IServerProcess
from eve_meta.agent.record import Record
from eve_meta.agent.status import NotAnsweredError
from eve_meta.brief import Brief, write_briefs
from eve_meta.bundle import bundled
from eve_meta.errors import EveMetaError
from eve_meta.exchange import Post
from eve_meta.messages import (
    MAX_DOORS,
    BriefRefusedError,
    CloseDoor,
    DoorNotOpenError,
    Keeper,
    NotKeptError,
    OpenDoors,
    ReadAccessLog,
    ReadTotals,
    ReadTraffic,
    Refresh,
)
from eve_meta.milestones import Milestone
from eve_meta.totals import Totals
from eve_meta.traffic import MAX_INTERFACES, Traffic, heard

_TOLD_AT_ONCE_BYTES = 1024 * 1024
"""Of documents in one message; a longer one is told alone."""

_MESSAGES_AT_ONCE = 4
"""To open doors by. The first ones go out before more are made, and a server always knows of the next."""

_SETTLED_AT_ONCE = 8 * MAX_DOORS
"""Interfaces, before those that have changed meanwhile have their turn."""


@define
class Door:
    """What a server should have at an interface: a socket, which stays open, and what is answered there.

    Attributes:
        milestones: to which its guest has come, each with the revision that it was told with.
    """

    listening: socket.socket
    record: Record
    milestones: dict[Milestone, int] = field(factory=dict)


@final
class Server(MultiService):
    """One server.

    What should be is in `_doors`, what the process has been told in `_told`, and `_settle` closes the
    difference, many doors at a time. A process that was started again has been told nothing, so the same
    lines open a door, refresh it, close it, and bring all of them back. Meanwhile guests wait in the
    sockets' backlogs, and who has changed something waits for it to be settled.

    Attributes:
        keep: called with what a guest has posted.
        starts: how many processes there were.
    """

    keep: Keeper
    starts = 0
    _log = Logger()

    def __init__(self, process: IServerProcess) -> None:
        super().__init__()
        self._process = process
        self._doors: dict[str, Door] = {}
        self._told: dict[str, Record] = {}
        self._unsettled: set[str] = set()
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._waiting_for_all: list[Deferred[None]] = []
        self._is_settling = False
        process.on_start = self._begin_again
        process.keep = self._keep
        process.tell_milestone = self._tell_milestone
        process.setServiceParent(self)

    def stopService(self) -> "Deferred[None]":
        """End the process; fires when it is gone."""
        stopped = maybeDeferred(super().stopService)
        self._fail_all(ServerGoneError())
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
        self._doors[interface] = Door(listening, record)
        try:
            await self._bring_about({interface})
        except EveMetaError:
            del self._doors[interface]
            raise

    async def open_together(self, doors: Mapping[str, Door]) -> None:
        """Answer at many sockets; returns once guests are answered. What is refused is told in the log."""
        self._doors.update(doors)
        self._unsettled.update(doors)
        settled: Deferred[None] = Deferred()
        self._waiting_for_all.append(settled)
        self._settle_on()
        await settled

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

    async def access_log(self, interface: str) -> bytes:
        """What guests have asked at an interface that this server answers: JSON, as the process has it.

        Raises:
            NotAnsweredError: there is no process, or it has no such door yet.
        """
        try:
            answer = await self._process.ask(ReadAccessLog, interface=interface)
        except (ServerGoneError, DoorNotOpenError) as error:
            raise NotAnsweredError(interface) from error
        log: str = answer["log"]
        return log.encode()

    async def traffic(self) -> dict[str, Traffic]:
        """How much guests ask, at each interface that the process answers; nothing while there is none."""
        names = iter(self._told)
        found: dict[str, Traffic] = {}
        try:
            while some := [*islice(names, MAX_INTERFACES)]:
                found |= heard(await self._process.ask(ReadTraffic, interfaces=some))
        except (ServerGoneError, ValueError) as error:
            self._log.debug("no traffic is told: {error}", error=error)
        return found

    async def totals(self) -> Totals:
        """What the process has counted since it began; nothing while there is none."""
        try:
            return Totals.heard(await self._process.ask(ReadTotals))
        except (ServerGoneError, ValueError) as error:
            self._log.debug("no totals are told: {error}", error=error)
            return Totals()

    async def close(self, interface: str) -> None:
        """Answer at an interface no more; returns when no process of ours but this holds its namespace."""
        del self._doors[interface]
        await self._bring_about({interface})

    async def _keep(self, interface: str, vm: UUID, post: Post) -> None:
        """Have it kept, if the process answers this VM there: it has no say in others."""
        door = self.door(interface)
        if door is None or door.uuid != vm:
            raise NotKeptError(f"{vm} is not answered there")
        await self.keep(interface, vm, post)

    def _tell_milestone(self, interface: str, vm: UUID, milestone: Milestone) -> None:
        """Tell it once, if the process answers this VM there: by itself it could fill the log."""
        door = self._doors.get(interface)
        if door is None or door.record.uuid != vm:
            return
        revision = 0 if milestone is Milestone.ASKED else door.record.revision
        if door.milestones.get(milestone) != revision:
            door.milestones[milestone] = revision
            telling.reached(interface, door.record, milestone)

    async def _bring_about(self, interfaces: set[str]) -> None:
        """Have settled what has changed; if the process dies meanwhile, its next start does.

        Raises:
            EveMetaError: one of them is refused.
            ServerGoneError: there will be no other process.
        """
        waiting = [self._when_settled(each) for each in interfaces]
        self._unsettled |= interfaces
        self._settle_on()
        await _together(waiting)

    def _when_settled(self, interface: str) -> Deferred[None]:
        settled: Deferred[None] = Deferred()
        self._waiting.setdefault(interface, []).append(settled)
        return settled

    def _begin_again(self) -> None:
        self.starts += 1
        self._told.clear()
        self._unsettled.update(self._doors)
        self._settle_on()

    def _settle_on(self) -> None:
        """Go on, if there is a process to tell; the next one's start goes on if not."""
        is_awaited = self.running and self.pid is None
        if not self._is_settling and not is_awaited:
            self._is_settling = True
            Deferred.fromCoroutine(self._settle()).addBoth(self._pause)

    def _pause(self, result: Failure | None) -> None:
        """Leave the rest to the next process, if there will be one; whatever else went wrong is our bug."""
        self._is_settling = False
        if isinstance(result, Failure):
            if not result.check(ServerGoneError):
                self._log.failure("a server could not be told its doors", result)
                self._fail_all(result)
            elif not self.running:
                self._fail_all(result)
        else:
            self._end_waiting_for_all(None)

    async def _settle(self) -> None:
        while self._unsettled:
            interfaces = tuple(islice(self._unsettled, _SETTLED_AT_ONCE))
            await _together(map(Deferred.fromCoroutine, self._closings(interfaces)))
            messages = self._to_open(interfaces)
            await _together(
                [Deferred.fromCoroutine(self._open_all(messages)) for _ in range(_MESSAGES_AT_ONCE)]
            )
            await _together(map(Deferred.fromCoroutine, self._refreshes(interfaces)))
            for each in filter(self._is_settled, interfaces):
                self._end_waiting(each, None)

    def _is_settled(self, interface: str) -> bool:
        door, told = self._doors.get(interface), self._told.get(interface)
        if door is None or told is None:
            return door is None and told is None
        return (door.record.uuid, door.record.edition) == (told.uuid, told.edition)

    def _end_waiting(self, interface: str, error: EveMetaError | None) -> None:
        """Tell who has changed something at an interface how it ended."""
        self._unsettled.discard(interface)
        waiting = self._waiting.pop(interface, [])
        if error and not waiting:
            self._log.error("{interface}: {error}", kind="refused", interface=interface, error=error)
            self._doors.pop(interface, None)
        for each in waiting:
            each.errback(error) if error else each.callback(None)

    def _end_waiting_for_all(self, error: Exception | Failure | None) -> None:
        waiting, self._waiting_for_all = self._waiting_for_all, []
        for each in waiting:
            each.errback(error) if error else each.callback(None)

    def _fail_all(self, error: Exception | Failure) -> None:
        waiting, self._waiting = self._waiting, {}
        for interface in waiting:
            for each in waiting[interface]:
                each.errback(error)
        self._end_waiting_for_all(error)

    def _closings(self, interfaces: Iterable[str]) -> Iterator[Coroutine[Any, Any, None]]:
        for each in interfaces:
            door, told = self._doors.get(each), self._told.get(each)
            if told and (door is None or door.record.uuid != told.uuid):
                yield self._close(each)

    async def _close(self, interface: str) -> None:
        await self._process.ask(CloseDoor, interface=interface)
        del self._told[interface]

    def _to_open(self, interfaces: Iterable[str]) -> Iterator[dict[str, Door]]:
        """Those of some doors that are to be opened, in messages."""
        doors: dict[str, Door] = {}
        size = 0
        for interface in interfaces:
            door = self._doors.get(interface)
            if door is None or interface in self._told:
                continue
            size += len(door.record.document)
            if doors and (len(doors) == MAX_DOORS or size > _TOLD_AT_ONCE_BYTES):
                yield doors
                doors, size = {}, len(door.record.document)
            doors[interface] = door
        if doors:
            yield doors

    async def _open_all(self, messages: Iterator[dict[str, Door]]) -> None:
        """Send messages one by one; whoever else takes from the same does so in between."""
        for doors in messages:
            await self._open(doors)

    async def _open(self, doors: dict[str, Door]) -> None:
        records = [each.record for each in doors.values()]
        listening = [each.listening.fileno() for each in doors.values()]
        with bundled(listening) as sockets, _briefs(records) as briefs:
            answer = await self._process.ask(
                OpenDoors, interfaces=list(doors), sockets=sockets, briefs=briefs
            )
        for interface, record, refusal in zip(doors, records, answer["refusals"], strict=True):
            if refusal:
                self._end_waiting(interface, BriefRefusedError(refusal))
            else:
                self._told[interface] = record

    def _refreshes(self, interfaces: Iterable[str]) -> Iterator[Coroutine[Any, Any, None]]:
        """Of each VM once, whatever the number of its interfaces."""
        open_ones = (each for each in interfaces if each in self._doors and each in self._told)
        stale = [self._doors[each].record for each in open_ones if not self._is_settled(each)]
        for record in {each.uuid: each for each in stale}.values():
            told = [name for name, each in self._told.items() if each.uuid == record.uuid]
            yield self._refresh(told, record)

    async def _refresh(self, interfaces: list[str], record: Record) -> None:
        try:
            with _briefs([record]) as briefs:
                await self._process.ask(Refresh, interfaces=interfaces, brief=briefs)
        except BriefRefusedError as error:
            for each in interfaces:
                self._end_waiting(each, error)
        else:
            self._told.update(dict.fromkeys(interfaces, record))


def _brief(record: Record) -> Brief:
    return Brief(
        document=record.document,
        token_key=record.token_key,
        revision=record.revision,
        password=record.password,
    )


@contextmanager
def _briefs(records: Iterable[Record]) -> Iterator[int]:
    descriptor = write_briefs(map(_brief, records))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _together(asking: Iterable[Deferred[None]]) -> None:
    """Return when all have ended; raises what the first that failed has raised."""
    all_ended = DeferredList([*asking], consumeErrors=True)
    for is_done, failure in cast("list[tuple[bool, Failure]]", await all_ended):
        if not is_done:
            failure.raiseException()
