"""The loops that bring about what should be: see, plan, act, one interface after the other.

Note [Lanes]
    Each server has a loop of its own, for the interfaces that it answers: one that is down holds up its own
    VMs alone. No two loops look at the same interface at the same time. Surveys are made beside them.

Note [Waking]
    An event never does anything: it marks an interface, and a loop looks at it. One that is marked while it
    is being looked at is looked at once more. Who waits for an interface (an attach, a detach) is told how
    the first look ended that began after it asked. A look that fails marks the interface again after a pause
    that grows, with jitter; one that succeeds begins the row of pauses anew. A survey of all interfaces is
    made at the start, whenever the kernel had to drop announcements, and from time to time; it marks those
    that are not as they should be.
"""

import random
from collections.abc import Callable, Coroutine
from typing import Any, final
from uuid import UUID

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from eve_meta.agent.inventory import Inventory
from eve_meta.agent.kernel import Kernel
from eve_meta.agent.plan import Action, Change, CloseDoor, OpenDoor, Refresh, plan
from eve_meta.agent.record import Record
from eve_meta.agent.servers import Servers
from eve_meta.agent.sockets import Sockets
from eve_meta.agent.status import State
from eve_meta.errors import EveMetaError
from netns import Changes, NetnsError, NoSuchInterfaceError, Seen, UnsuitableInterfaceError, link_of

RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Before the first, second… look after a failed one; the last for all further ones."""

SURVEY_SECONDS = 30.0


@frozen
class Outcome:
    """How a look at an interface ended.

    Attributes:
        state: None when nothing should be served there, and nothing is.
        error: why its guest is not answered.
    """

    state: State | None
    error: NetnsError | EveMetaError | None = None


@frozen
class UnexpectedError(EveMetaError):
    """A bug of ours; its traceback is in the agent's log."""

    def __str__(self) -> str:
        return "an unexpected error: see the agent's log"


@final
class Reconciler(Service):
    """Keeps the kernel and the servers as the inventory says."""

    _log = Logger()
    _ended: Deferred[list[None]]

    def __init__(
        self,
        kernel: Kernel,
        inventory: Inventory,
        servers: Servers,
        sockets: Sockets,
        clock: IReactorTime,
    ) -> None:
        self._kernel = kernel
        self._inventory = inventory
        self._servers = servers
        self._sockets = sockets
        self._clock = clock
        self._marked: dict[str, None] = {}
        self._looking: set[str] = set()
        self._waiting: dict[str, list[Deferred[Outcome]]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._failures: dict[str, int] = {}
        self._timers: dict[str, IDelayedCall] = {}
        self._links: dict[str, str] = {}
        self._asleep: list[Deferred[None]] = []
        self._is_survey_due = True

    def mark(self, interface: str) -> None:
        """Have an interface looked at."""
        self._marked[interface] = None
        self._wake()

    def changed(self, changes: Changes) -> None:
        """Have looked at what the kernel has announced, as far as it concerns us."""
        if not changes.is_complete:
            self._survey_now()
        for name in changes.names:
            interface = self._links.get(name, name)
            if interface in self._outcomes or self._inventory.record_of(interface):
                self.mark(interface)

    def look(self, interface: str) -> "Deferred[Outcome]":
        """Have an interface looked at; fires with how that ended."""
        waiting: Deferred[Outcome] = Deferred()
        self._waiting.setdefault(interface, []).append(waiting)
        self.mark(interface)
        return waiting

    def outcome(self, interface: str) -> Outcome | None:
        """How the last look ended; None before the first."""
        return self._outcomes.get(interface)

    def startService(self) -> None:
        """Begin with a survey."""
        super().startService()
        loops = (self._survey_when_due(), *map(self._look_on, range(self._servers.count)))
        self._ended = gatherResults(map(self._started, loops))

    def stopService(self) -> "Deferred[list[None]]":
        """Fires when the looks that were going on have ended; what is wired stays wired."""
        super().stopService()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._wake()
        return self._ended

    def _started(self, loop: Coroutine[Any, Any, None]) -> "Deferred[None]":
        """Fires when a loop has ended, were it by a bug, which is told at once."""
        ended = Deferred.fromCoroutine(loop)
        ended.addErrback(lambda failure: self._log.failure("a loop ended", failure))
        return ended

    async def _survey_when_due(self) -> None:
        while self.running:
            if self._is_survey_due:
                self._is_survey_due = False
                await self._survey()
            else:
                await self._sleep()

    async def _look_on(self, lane: int) -> None:
        while self.running:
            interface = self._next(lane)
            if interface is None:
                await self._sleep()
            else:
                await self._look_at(interface)

    def _next(self, lane: int) -> str | None:
        """The interface of a lane that was marked first and is not being looked at."""
        free = (each for each in self._marked if each not in self._looking)
        return next((each for each in free if lane == self._lane(each)), None)

    def _lane(self, interface: str) -> int:
        return self._servers.place(interface, self._inventory.record_of(interface))

    async def _sleep(self) -> None:
        waking: Deferred[None] = Deferred()
        self._asleep.append(waking)
        await waking

    def _wake(self) -> None:
        asleep, self._asleep = self._asleep, []
        for each in asleep:
            each.callback(None)

    def _survey_now(self) -> None:
        self._is_survey_due = True
        self._wake()

    async def _survey(self) -> None:
        self._after(SURVEY_SECONDS, "", self._survey_now)
        records = {each: record for record in self._inventory.records() for each in record.interfaces}
        try:
            seen = await self._kernel.survey(tuple(records))
        except Exception:  # noqa: BLE001 - a survey that fails is made again
            self._log.failure("could not survey the network")
            return
        for interface, each in seen.items():
            self._links[link_of(interface)] = interface
            if self._plan(interface, records.get(interface), each) or interface not in self._outcomes:
                self.mark(interface)

    async def _look_at(self, interface: str) -> None:
        del self._marked[interface]
        waiting = self._waiting.pop(interface, [])
        self._looking.add(interface)
        outcome = await self._bring_about(interface)
        # Servers that are being stopped have no doors; what they had is for those who come after us.
        if self.running and self._servers.door(interface) is None:
            self._sockets.let_go(interface)
        self._looking.remove(interface)
        self._remember(interface, outcome)
        for each in waiting:
            each.callback(outcome)
        if interface in self._marked:
            self._wake()

    async def _bring_about(self, interface: str) -> Outcome:
        record = self._inventory.record_of(interface)
        started = self._clock.seconds()
        try:
            seen = await self._kernel.see(interface)
            actions = self._plan(interface, record, seen)
            for action in actions:
                await self._act(action)
        except (NetnsError, EveMetaError) as error:
            return Outcome(State.FAILED, error)
        except Exception:  # noqa: BLE001 - other interfaces go on
            self._log.failure(
                "{interface}: could not be looked at", interface=interface, uuid=self._vm(interface)
            )
            return Outcome(State.FAILED, UnexpectedError())
        outcome = _outcome(interface, record, seen)
        if actions:
            self._tell(interface, record, outcome, round((self._clock.seconds() - started) * 1000))
        return outcome

    def _plan(self, interface: str, record: Record | None, seen: Seen) -> tuple[Action, ...]:
        return plan(interface, record, seen, self._servers.door(interface))

    async def _act(self, action: Action) -> None:
        match action:
            case Change(step):
                await self._kernel.apply(step)
            case OpenDoor(interface, record):
                listening = await self._sockets.listening(interface)
                await self._servers.open(interface, listening, record)
            case Refresh(record):
                await self._servers.refresh(record)
            case CloseDoor(interface):
                await self._servers.close(interface)
                self._sockets.let_go(interface)

    def _tell(self, interface: str, record: Record | None, outcome: Outcome, ms: int) -> None:
        if record is None or outcome.state is not State.OPEN:
            self._log.info(
                "{interface}: cleared ({ms} ms)", interface=interface, ms=ms, uuid=self._vm(interface)
            )
            return
        self._log.info(
            "{interface}: answered as VM {uuid}, revision {revision} ({ms} ms)",
            interface=interface,
            uuid=record.uuid,
            revision=record.revision,
            ms=ms,
        )

    def _vm(self, interface: str) -> UUID | None:
        """Whose an interface is; None once it is detached."""
        record = self._inventory.record_of(interface)
        return record.uuid if record else None

    def _remember(self, interface: str, outcome: Outcome) -> None:
        failed_before = self._failures.get(interface, 0)
        if outcome.state is State.FAILED:
            self._failures[interface] = failed_before + 1
            pause = RETRY_SECONDS[min(failed_before, len(RETRY_SECONDS) - 1)]
            self._after(pause * random.uniform(1, 1.5), interface, lambda: self.mark(interface))  # noqa: S311 - jitter
            if not failed_before:
                self._log.warn(
                    "{interface}: {error}",
                    interface=interface,
                    error=outcome.error,
                    uuid=self._vm(interface),
                )
        elif self._failures.pop(interface, None):
            self._log.info("{interface}: no longer fails", interface=interface, uuid=self._vm(interface))
        if outcome.state is None:
            self._outcomes.pop(interface, None)
            self._links.pop(link_of(interface), None)
        else:
            self._outcomes[interface] = outcome
            self._links[link_of(interface)] = interface

    def _after(self, seconds: float, key: str, call: Callable[[], None]) -> None:
        """Call once later, in place of what was to be called for the same key."""
        if before := self._timers.pop(key, None):
            before.cancel()

        def fire() -> None:
            del self._timers[key]
            call()

        if self.running:
            self._timers[key] = self._clock.callLater(seconds, fire)


def _outcome(interface: str, record: Record | None, seen: Seen) -> Outcome:
    if record is None:
        return Outcome(None)
    if seen.port is None:
        return Outcome(State.ABSENT, NoSuchInterfaceError(interface))
    if seen.port.objection:
        return Outcome(State.FAILED, UnsuitableInterfaceError(interface, seen.port.objection))
    return Outcome(State.OPEN)
