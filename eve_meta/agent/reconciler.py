"""Brings about what should be by looks at interfaces: see, plan, act.

Note [Lanes]
    Each server has a lane, for the interfaces that it answers: one that is down holds up its own VMs alone.
    No two looks at interfaces of the same VM are made at the same time. Surveys are made beside them.

Note [Marks]
    An event never does anything: it marks an interface, which is looked at when its lane has room. Who waits
    for an interface (an attach, a detach) is told how the first look ended that began after it asked. A look
    that fails marks the interface again after a pause that grows, with jitter; one that succeeds begins the
    row of pauses anew. A survey of all interfaces is made at the start, whenever the kernel had to drop
    announcements, and from time to time; it marks those that are not as they should be. The others it has
    looked at, if nobody has before: with a thousand interfaces looks at each take as long as all the rest.
    Who waits goes before: an attach is not held up by what is cleared or repaired at a thousand others.

Note [Looking into namespaces]
    A look into a namespace takes longer, so it is made when the kernel announces a change there, and in turn:
    one interface after the other, all the time, as not everything is announced. What we change ourselves is
    announced, too: so after a change an interface is looked into after a pause only, and when nobody asks for
    anything. The pause grows as long as something is damaged there each time: who damages it on purpose keeps
    us busy once a minute.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, final
from uuid import UUID

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eve_meta.agent import outcome as outcomes
from eve_meta.agent import telling
from eve_meta.agent.history import History, pause
from eve_meta.agent.inventory import Inventory
from eve_meta.agent.kernel import Kernel
from eve_meta.agent.marks import Marks
from eve_meta.agent.outcome import Outcome, UnexpectedError
from eve_meta.agent.patrol import Patrol
from eve_meta.agent.pending import Pending
from eve_meta.agent.plan import Action, Change, CloseDoor, OpenDoor, Refresh, plan
from eve_meta.agent.postponed import Postponed
from eve_meta.agent.servers import Servers
from eve_meta.agent.sockets import Sockets
from eve_meta.agent.status import State
from eve_meta.agent.timers import Timers
from eve_meta.errors import EveMetaError
from netns import Changes, NetnsError, Seen, link_of

SURVEY_SECONDS = 30.0

LOOKS_AT_ONCE = 8
"""In each lane."""


@final
class Reconciler(Service):
    """Keeps the kernel and the servers as the inventory says.

    Attributes:
        looks: how many looks at an interface have ended.
        repairs: how many of them have put right what others had spoiled.
    """

    looks = repairs = 0

    _log = Logger()

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
        self._marks = Marks()
        self._busy: set[UUID | None] = set()
        self._waiting: dict[str, list[Deferred[Outcome]]] = {}
        self._histories: dict[str, History] = {}
        self._timers = Timers(clock)
        self._postponed = Postponed(self._suspect, clock, self._timers)
        self._patrol = Patrol(lambda: self._histories, self._suspect, clock)
        self._links: dict[str, str] = {}
        self._going_on: set[Deferred[None]] = set()
        self._under_way = dict.fromkeys(range(servers.count), 0)
        self._first_survey = Pending()
        self._first_survey.begin()
        self._is_beginning = self._is_surveyed = self._is_surveying = False
        self._is_survey_due = True

    def mark(self, interface: str) -> None:
        """Have an interface looked at."""
        self._marks.look_at(interface)
        self._go_on()

    def changed(self, changes: Changes) -> None:
        """Have looked at what the kernel has announced, as far as it concerns us."""
        if not changes.is_complete:
            self._survey_now()
            for interface in self._histories:
                self._suspect(interface)
        for old, new in changes.renamed.items():
            if old in self._histories:
                self._histories[old].renamed = new
        for name in changes.names:
            interface = self._links.get(name, name)
            if name in self._links:
                self._suspect(interface)
            elif self._is_ours(interface):
                self.mark(interface)

    def look(self, interface: str) -> "Deferred[Outcome]":
        """Have an interface looked at; fires with how that ended."""
        waiting: Deferred[Outcome] = Deferred()
        self._postponed.disturb()
        self._waiting.setdefault(interface, []).append(waiting)
        self._marks.look_now(interface)
        self._go_on()
        return waiting

    def outcome(self, interface: str) -> Outcome | None:
        """How the last look ended; None before the first."""
        history = self._histories.get(interface)
        return history.outcome if history else None

    def surveyed(self) -> "Deferred[None]":
        """Fires once a survey has been made since the start, whatever it has found."""
        return self._first_survey.ended()

    def hold(self, interface: str) -> None:
        """Look at an interface no more, until it is let go of."""
        self._marks.hold(interface)

    def let_go(self, interface: str) -> None:
        """Look at an interface again, now if it was marked meanwhile."""
        self._marks.end(interface)
        self._go_on()

    def startService(self) -> None:
        """Begin with a survey."""
        super().startService()
        self._patrol.startService()
        self._go_on()

    def stopService(self) -> "Deferred[list[None]]":
        """Fires when the looks that were going on have ended; what is wired stays wired."""
        super().stopService()
        self._patrol.stopService()
        self._timers.stop()
        return gatherResults(list(self._going_on))

    def _go_on(self) -> None:
        """Begin what there is to do and room for; what ends at once has made room for more."""
        if self._is_beginning:
            return
        self._is_beginning = True
        while self.running and (work := self._next_work()):
            self._begin(work)
        self._is_beginning = False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        ended = Deferred.fromCoroutine(work)
        ended.addErrback(lambda failure: self._log.failure("a look ended", failure))
        self._going_on.add(ended)
        ended.addCallback(lambda _: self._going_on.discard(ended))

    def _next_work(self) -> Coroutine[Any, Any, None] | None:
        if self._is_survey_due and not self._is_surveying:
            return self._survey_once()
        if self._is_surveyed and any(map(self._has_room, self._under_way)):
            interface = self._marks.first(self._may_be_looked_at)
            return self._look_in(interface) if interface else None
        return None

    async def _survey_once(self) -> None:
        self._is_survey_due, self._is_surveying = False, True
        try:
            await self._survey()
        finally:
            self._is_surveying = False
            if not self._is_surveyed:
                self._is_surveyed = True
                self._first_survey.end()
            self._go_on()

    async def _look_in(self, interface: str) -> None:
        lane = self._servers.place(interface, self._inventory.record_of(interface))
        self._under_way[lane] += 1
        try:
            await self._look_at(interface)
        finally:
            self._under_way[lane] -= 1
            self._go_on()

    def _has_room(self, lane: int) -> bool:
        return self._under_way[lane] < LOOKS_AT_ONCE

    def _may_be_looked_at(self, interface: str) -> bool:
        record = self._inventory.record_of(interface)
        is_busy = record and record.uuid in self._busy
        return not is_busy and self._has_room(self._servers.place(interface, record))

    def _survey_now(self) -> None:
        self._is_survey_due = True
        self._go_on()

    def _suspect(self, interface: str) -> None:
        """Have an interface looked into, now or when it is to be looked into anyway."""
        is_due = _into(interface) in self._timers or interface in self._postponed
        if self._is_ours(interface) and not is_due:
            self._marks.look_into(interface)
            self._go_on()

    def _try_again(self, interface: str) -> None:
        self._marks.look_into(interface)
        self._go_on()

    def _is_ours(self, interface: str) -> bool:
        return interface in self._histories or self._inventory.record_of(interface) is not None

    async def _survey(self) -> None:
        self._timers.set("a survey", SURVEY_SECONDS, self._survey_now)
        interfaces = tuple(self._inventory.interfaces())
        self._links.update((link_of(each), each) for each in interfaces)
        try:
            seen = await self._kernel.survey(interfaces)
        except Exception:  # noqa: BLE001 - a survey that fails is made again
            self._log.failure("could not survey the network")
            return
        for interface, each in seen.items():
            self._links[link_of(interface)] = interface
            record = self._inventory.record_of(interface)
            if plan(interface, record, each, self._servers.door(interface)):
                self.mark(interface)
            elif record and interface not in self._histories:
                history = self._histories[interface] = History()
                self._remember(interface, history, outcomes.of(interface, record, each, None))

    async def _look_at(self, interface: str) -> None:
        see = self._kernel.inspect if self._marks.begin(interface) else self._kernel.see
        waiting = self._waiting.pop(interface, [])
        vm = self._vm(interface)
        self._busy.add(vm)
        history = self._histories.setdefault(interface, History())
        outcome = await self._bring_about(interface, history, see)
        self._busy.discard(vm)
        self.looks += 1
        # Servers that are being stopped have no doors; what they had is for those who come after us.
        if self.running and self._servers.door(interface) is None:
            self._sockets.let_go(interface)
        self._remember(interface, history, outcome)
        for each in waiting:
            each.callback(outcome)
        self._marks.end(interface)

    async def _bring_about(
        self, interface: str, history: "History", see: Callable[[str], Awaitable[Seen]]
    ) -> Outcome:
        record = self._inventory.record_of(interface)
        started = self._clock.seconds()
        door = None
        try:
            seen = await see(interface)
            door = self._servers.door(interface)
            actions = plan(interface, record, seen, door)
            for action in actions:
                await self._act(action)
        except (NetnsError, EveMetaError) as error:
            return Outcome(State.FAILED, error)
        except Exception:  # noqa: BLE001 - other interfaces go on
            self._log.failure(
                "{interface}: could not be looked at", interface=interface, uuid=self._vm(interface)
            )
            return Outcome(State.FAILED, UnexpectedError())
        outcome = outcomes.of(interface, record, seen, history.renamed)
        ms = round((self._clock.seconds() - started) * 1000)
        if any(isinstance(each, Change | OpenDoor) for each in actions):
            is_same_vm = record and door and door.uuid == record.uuid
            if is_same_vm and history.outcome == outcome == Outcome(State.OPEN):
                self.repairs += 1
                # Told once, not each time that it is spoiled again at once.
                if not history.repairs:
                    telling.repaired(interface, self._vm(interface), seen.faults, ms)
            else:
                telling.changed(interface, record, door, outcome, ms)
            self._timers.set(_into(interface), pause(history.repairs), lambda: self._postponed.add(interface))
        if record and door and Refresh(record) in actions and door.edition[0] != record.revision:
            telling.updated(record)
        history.note(seen)
        return outcome

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

    def _vm(self, interface: str) -> UUID | None:
        """Whose an interface is; None once it is detached."""
        record = self._inventory.record_of(interface)
        return record.uuid if record else None

    def _remember(self, interface: str, history: "History", outcome: Outcome) -> None:
        history.outcome = outcome
        if outcome.state is State.FAILED:
            self._timers.set(interface, pause(history.failures), lambda: self._try_again(interface))
            if not history.failures:
                telling.failing(interface, self._vm(interface), outcome.error)
            history.failures += 1
        elif history.failures:
            history.failures = 0
            telling.recovered(interface, self._vm(interface))
        if outcome.state is None:
            del self._histories[interface]
            self._links.pop(link_of(interface), None)
            self._timers.cancel(interface)
            self._timers.cancel(_into(interface))
            self._postponed.discard(interface)
        else:
            self._links[link_of(interface)] = interface


def _into(interface: str) -> str:
    """The name of the timer that has an interface looked into; no interface's name has a space."""
    return f"into {interface}"
