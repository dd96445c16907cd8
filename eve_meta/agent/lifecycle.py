"""What may be asked of the agent: attach and detach, as the life of a VM has them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, final
from uuid import UUID

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from eve_meta.agent import telling
from eve_meta.agent.inventory import Inventory
from eve_meta.agent.kernel import Kernel
from eve_meta.agent.reconciler import Reconciler
from eve_meta.agent.record import Record, Wish
from eve_meta.agent.reports import Report
from eve_meta.agent.servers import Servers
from eve_meta.agent.status import Contact, Counts, IAgent, NotAttachedError, NotReportedError, State, Status
from eve_meta.exchange import Post
from eve_meta.messages import PasswordSetError
from eve_meta.passwords import PASSWORD
from eve_meta.reports import REPORTS
from eve_meta.totals import Totals
from eve_meta.traffic import Traffic
from netns import (
    Changes,
    NoSuchInterfaceError,
    UnsuitableInterfaceError,
    check_interface,
    link_of,
    namespace_of,
)

if TYPE_CHECKING:
    from eve_meta.agent.outcome import Outcome


_MAX_CONTACTS = 16
"""Told of one interface, whose guest can make up any number."""


@final
@implementer(IAgent)
class Lifecycle:
    """Changes what should be, and returns when it is so. One change of an interface at a time."""

    def __init__(
        self,
        kernel: Kernel,
        inventory: Inventory,
        reconciler: Reconciler,
        servers: Servers,
        clock: IReactorTime,
    ) -> None:
        self._kernel = kernel
        self._inventory = inventory
        self._reconciler = reconciler
        self._servers = servers
        self._clock = clock
        self._turns: dict[str, DeferredLock] = {}
        self._arrivals: dict[str, list[Deferred[None]]] = {}
        self._took_ms: dict[str, float] = {}
        self._attaches = 0
        self._attach_seconds = 0.0

    def changed(self, changes: Changes) -> None:
        """Wake those who wait for an interface to appear."""
        names = changes.names if changes.is_complete else tuple(self._arrivals)
        for name in names:
            for each in self._arrivals.pop(name, ()):
                each.callback(None)

    async def settled(self) -> None:
        """Return when each interface that should be answered by now has been looked at."""
        await self._reconciler.surveyed()
        unknown = [each for each in self._inventory.interfaces() if self._reconciler.outcome(each) is None]
        for look in [self._reconciler.look(each) for each in unknown]:
            await look

    async def attach(self, interface: str, wish: Wish, wait_seconds: float) -> Status:
        """See `IAgent.attach`."""
        check_interface(interface)
        await self._await_port(interface, wait_seconds)
        async with self._turn(interface):
            started = self._clock.seconds()
            await self._serve(interface, wish)
            seconds = self._clock.seconds() - started
            self._took_ms[interface] = round(seconds * 1000, 1)
            self._attaches += 1
            self._attach_seconds += seconds
            status = self.status(interface)
        if status is None:
            raise NoSuchInterfaceError(interface)
        return status

    async def detach(self, interface: str, vm: UUID | None) -> bool:
        """See `IAgent.detach`."""
        check_interface(interface)
        async with self._turn(interface):
            owner = self._inventory.record_of(interface)
            if owner and vm and owner.uuid != vm:
                return False
            started = self._clock.seconds()
            record = self._inventory.remove(interface)
            outcome = await self._reconciler.look(interface)
            self._took_ms.pop(interface, None)
        if outcome.error:
            raise outcome.error
        if record:
            self._forget_if_gone(record.uuid)
            telling.detached(interface, record.uuid, round((self._clock.seconds() - started) * 1000))
        return record is not None

    async def access_log(self, interface: str) -> bytes:
        """See `IAgent.access_log`."""
        self._attached(interface)
        return await self._servers.access_log(interface)

    async def contacts(self, interface: str) -> tuple[Contact, ...]:
        """See `IAgent.contacts`."""
        self._attached(interface)
        now = self._clock.seconds()
        found = (
            Contact(address=str(each.address), mac=each.mac, at=now - each.seconds)
            for each in await self._kernel.neighbours(interface)
        )
        return tuple(sorted(found, key=lambda each: each.at)[:_MAX_CONTACTS])

    async def traffic(self) -> Mapping[str, Traffic]:
        """See `IAgent.traffic`."""
        return await self._servers.traffic()

    async def totals(self) -> Totals:
        """See `IAgent.totals`."""
        return await self._servers.totals()

    def password(self, interface: str) -> str:
        """See `IAgent.password`."""
        return self._attached(interface).password

    async def clear_password(self, interface: str) -> bool:
        """See `IAgent.clear_password`."""
        record = self._attached(interface)
        await self._set_password(interface, record, "")
        return bool(record.password)

    def reports(self, interface: str) -> tuple[Report, ...]:
        """See `IAgent.reports`."""
        return self._inventory.reports.of(self._attached(interface).uuid)

    def report(self, interface: str, kind: str) -> bytes:
        """See `IAgent.report`."""
        vm = self._attached(interface).uuid
        content = self._inventory.reports.read(vm, kind) if kind in REPORTS else None
        if content is None:
            raise NotReportedError(interface, kind)
        return content

    async def keep(self, interface: str, vm: UUID, post: Post) -> None:
        """See `Keeper`."""
        record = self._attached(interface)
        if record.uuid != vm:
            raise NotAttachedError(interface)
        if post.kind != PASSWORD:
            self._inventory.reports.keep(vm, post.kind, post.content)
            telling.reported(interface, vm, post.kind)
            return
        if record.password:
            raise PasswordSetError
        await self._set_password(interface, record, post.content.decode())
        telling.password_set(interface, vm)

    def status(self, interface: str) -> Status | None:
        """See `IAgent.status`."""
        record = self._inventory.record_of(interface)
        return self._status(interface, record) if record else None

    def statuses(self) -> tuple[Status, ...]:
        """See `IAgent.statuses`."""
        served = ((name, record) for record in self._inventory.records() for name in record.interfaces)
        return tuple(self._status(name, record) for name, record in sorted(served, key=lambda each: each[0]))

    def counts(self) -> Counts:
        """See `IAgent.counts`."""
        return Counts(
            attaches=self._attaches,
            attach_seconds=self._attach_seconds,
            looks=self._reconciler.looks,
            repairs=self._reconciler.repairs,
            server_starts=self._servers.starts,
            problems=len(self._inventory.problems),
        )

    def problems(self) -> tuple[str, ...]:
        """See `IAgent.problems`."""
        return self._inventory.problems

    def _attached(self, interface: str) -> Record:
        record = self._inventory.record_of(interface)
        if record is None:
            raise NotAttachedError(interface)
        return record

    async def _set_password(self, interface: str, record: Record, password: str) -> None:
        """Keep it and tell it, or neither."""
        if password == record.password:
            return
        self._inventory.set_password(record, password)
        outcome = await self._look(interface, record)
        if outcome.state is State.FAILED and outcome.error:
            now = self._inventory.record_of(interface)
            if now and (now.uuid, now.password) == (record.uuid, password):
                self._inventory.set_password(now, record.password)
                await self._look(interface, now)
            raise outcome.error

    async def _serve(self, interface: str, wish: Wish) -> None:
        """Bring about the new wish, or else the one before."""
        change = self._inventory.put(interface, wish)
        outcome = await self._look(interface, change.record)
        if outcome.state is not State.OPEN:
            self._inventory.undo(change)
            await self._look(interface, change.record)
            raise outcome.error or NoSuchInterfaceError(interface)
        if change.loser:
            self._forget_if_gone(change.loser.uuid)

    def _forget_if_gone(self, vm: UUID) -> None:
        if not self._inventory.has(vm):
            self._inventory.reports.forget(vm)

    def _look(self, interface: str, record: Record) -> "Deferred[Outcome]":
        """Look at all interfaces of a VM, whose document has changed, and last at one."""
        for each in record.interfaces:
            if each != interface:
                self._reconciler.mark(each)
        return self._reconciler.look(interface)

    async def _await_port(self, interface: str, wait_seconds: float) -> None:
        deadline = self._clock.seconds() + wait_seconds
        while True:
            with self._arrival(interface) as arrival:
                port = await self._kernel.port(interface)
                if port and port.objection:
                    raise UnsuitableInterfaceError(interface, port.objection)
                if port:
                    return
                left = deadline - self._clock.seconds()
                if left <= 0:
                    raise NoSuchInterfaceError(interface)
                with suppress(TooLateError):
                    await arrival.addTimeout(left, self._clock)

    @contextmanager
    def _arrival(self, interface: str) -> Iterator["Deferred[None]"]:
        """What fires when an interface changes, from before it is looked at."""
        arrival: Deferred[None] = Deferred()
        self._arrivals.setdefault(interface, []).append(arrival)
        try:
            yield arrival
        finally:
            waiting = self._arrivals.get(interface, [])
            with suppress(ValueError):
                waiting.remove(arrival)
            if not waiting:
                self._arrivals.pop(interface, None)

    @asynccontextmanager
    async def _turn(self, interface: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault(interface, DeferredLock())
        await turn.acquire()
        try:
            yield
        finally:
            turn.release()
            if not turn.locked:
                self._turns.pop(interface, None)

    def _status(self, interface: str, record: Record) -> Status:
        outcome = self._reconciler.outcome(interface)
        error = outcome.error if outcome else None
        return Status(
            interface=interface,
            uuid=record.uuid,
            name=record.name,
            state=(outcome.state if outcome else None) or State.OPENING,
            reason=str(error) if error else None,
            revision=record.revision,
            namespace=namespace_of(interface),
            link=link_of(interface),
            has_password=bool(record.password),
            server_pid=self._servers.pid(interface),
            took_ms=self._took_ms.get(interface),
        )
