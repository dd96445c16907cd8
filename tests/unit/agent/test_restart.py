"""What an agent makes of what an earlier one has left, on a host in memory."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from uuid import UUID

import pytest
from twisted.internet.defer import Deferred

from eve_meta.agent.history import RETRY_SECONDS
from eve_meta.agent.kernel import Kernel
from eve_meta.agent.reconciler import LOOKS_AT_ONCE, SURVEY_SECONDS
from eve_meta.agent.reopening import REOPENING_SECONDS
from eve_meta.agent.status import State
from eve_meta.messages import OpenDoors
from netns import Seen, Step
from netns.steps import AddNamespace
from tests.agents import GREEN, RED
from tests.unit.agent.memory_host import AgentTestCase


class RestartTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()

    def test_adopted(self) -> None:
        """What is wired stays wired when the agent stops, and is served again without a step."""
        self.attach("tap0", RED)
        self.network.applied.clear()
        self.restart()

        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))
        assert [] == self.network.applied

    def restart_with_a_survey_that(self, does: Callable[[Collection[str]], Mapping[str, Seen]]) -> None:
        """Start another agent, whose first survey does something else."""
        self.stop()
        self.make_agent()
        survey = self.patch(self.network, "survey", does)
        self.start()
        survey.restore()

    def test_answered_first(self) -> None:
        """Guests are answered before anything is looked at."""
        read: list[str | None] = []

        def survey(_: Collection[str]) -> Mapping[str, Seen]:
            read.append(self.read("tap0"))
            return {}

        self.attach("tap0", RED)
        self.restart_with_a_survey_that(survey)

        assert ["red"] == read

    def test_seen_by_the_survey(self) -> None:
        """What the survey has found to be as it should be is not looked at again."""
        self.attach("tap0", RED)
        self.stop()
        self.make_agent()
        self.patch(Kernel, "see", None)
        self.start()

        assert "open" == self.state("tap0")

    def test_survey_fails(self) -> None:
        """Where a survey fails guests are answered all the same, and the next one is in time."""

        def fail(_: Collection[str]) -> Mapping[str, Seen]:
            raise ZeroDivisionError

        self.attach("tap0", RED)
        self.restart_with_a_survey_that(fail)
        assert 1 == len(self.flushLoggedErrors(ZeroDivisionError))
        assert ("opening", "red") == (self.state("tap0"), self.read("tap0"))

        self.reactor.advance(SURVEY_SECONDS)

        assert "open" == self.state("tap0")

    def test_cannot_listen(self) -> None:
        """Where sockets cannot be made all at once they are made one by one."""
        self.attach("tap0", RED)
        self.stop()
        self.make_agent()
        self.patch(self.network, "listen_in_all", None)
        self.start()

        assert 1 == len(self.flushLoggedErrors(TypeError))
        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))

    def test_cannot_watch(self) -> None:
        """An agent that hears of no change ends, and says so."""
        self.stop()
        self.make_agent()
        self.patch(self.network, "watch", None)
        self.start()

        assert 1 == len(self.flushLoggedErrors(TypeError))
        assert (True, True) == (self.agent.has_failed, self.reactor.hasStopped)

    def test_refused_again(self) -> None:
        """A document that the servers refuse by now does not hold up another, and says why."""
        self.attach("tap0", RED)
        self.stop()
        self.make_agent()
        self.processes[0].refused = frozenset({OpenDoors})
        self.start()

        assert "failed" == self.state("tap0")
        assert "as the test says" in str(self.status_of("tap0").reason)

        self.processes[0].refused = frozenset()
        self.reactor.advance(2 * RETRY_SECONDS[0])
        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))

    def test_no_server(self) -> None:
        """A server that does not come holds up its own VMs alone, however long it takes."""
        self.attach("tap0", RED)
        self.stop()
        self.make_agent(servers=2)
        late = self.processes[UUID(RED["uuid"]).int % 2]
        start = self.patch(late, "startService", lambda: None)
        self.start()
        assert "opening" == self.state("tap0")

        self.reactor.advance(REOPENING_SECONDS)
        assert "open" == self.attach("tap1", GREEN).state.value
        assert "opening" == self.state("tap0")
        self.network.remove_port("tap0")
        self.told()

        start.restore()
        late.startService()
        assert "absent" == self.state("tap0")
        self.network.add_port("tap0")
        self.told()
        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))

    def test_detached_meanwhile(self) -> None:
        """What is detached before its server has come is not answered when that comes."""
        self.attach("tap0", RED)
        self.stop()
        self.make_agent()
        start = self.patch(self.processes[0], "startService", lambda: None)
        self.start()
        self.reactor.advance(REOPENING_SECONDS)
        detached = self.detaching("tap0")
        start.restore()
        self.processes[0].startService()

        assert self.successResultOf(detached)
        assert self.processes[0].door("tap0") is None
        assert self.network.see("tap0").is_clear

    def test_leftovers(self) -> None:
        """What is ours and should not be there is cleared."""
        self.stop()
        self.network.apply(AddNamespace("tap1"))
        self.network.break_namespace("tap9")
        self.make_agent()
        self.start()

        assert [True, True] == [self.network.see(name).is_clear for name in ("tap1", "tap9")]

    def test_attach_goes_before(self) -> None:
        """Who attaches does not wait until all that is left over is cleared."""
        self.stop()
        left = [f"tap{number}" for number in range(100, 100 + 2 * LOOKS_AT_ONCE)]
        for name in left:
            self.network.apply(AddNamespace(name))
        self.make_agent()
        cleared: list[str] = []
        busy: Deferred[None] = Deferred()

        async def apply(kernel: Kernel, step: Step) -> None:
            cleared.append(step.interface)
            await busy
            kernel.network.apply(step)

        self.patch(Kernel, "apply", apply)
        self.start()
        attaching = self.attaching("tap0", RED)
        assert LOOKS_AT_ONCE == len(cleared)
        busy.callback(None)

        assert State.OPEN is self.successResultOf(attaching).state
        assert "tap0" == cleared[LOOKS_AT_ONCE]
        assert all(self.network.see(name).is_clear for name in left)

    def test_port_is_gone(self) -> None:
        """A port that went while no agent ran is absent, and what was made for it is cleared."""
        self.attach("tap0", RED)
        self.stop()
        self.network.remove_port("tap0")
        self.make_agent()
        self.start()

        assert "absent" == self.state("tap0")
        assert self.network.see("tap0").is_clear

    def test_broken_off(self) -> None:
        """A stop waits for no server that does not come: the attach that does is as if it never was."""
        self.successResultOf(self.processes[0].die())
        self.attaching("tap0", RED)
        self.restart()

        assert self.state("tap0") is None
        assert self.network.see("tap0").is_clear
