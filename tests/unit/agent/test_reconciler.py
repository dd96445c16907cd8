"""What happens to an attached interface, on a host in memory, and what the agent does about it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import pytest
from twisted.logger import LogEvent, capturedLogs

from eve_meta.agent.history import RETRY_SECONDS
from eve_meta.agent.patrol import ROUND_SECONDS
from eve_meta.agent.reconciler import SURVEY_SECONDS
from eve_meta.agent.status import State
from eve_meta.messages import OpenDoors
from netns import KernelRefusedError, Seen
from netns.steps import Renew, Steer
from tests.agents import GREEN, RED
from tests.unit.agent.memory_host import AgentTestCase

REFUSED = KernelRefusedError("do it", 12)


def said(events: Sequence[LogEvent], word: str) -> int:
    """How many events of a log hold a word."""
    return len([event for event in events if word in str(event["log_format"])])


class AttachedTestCase(AgentTestCase):
    """Some time after an attach: what follows is not of it any more."""

    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()
        self.attach("tap0", RED)
        self.told()
        self.reactor.advance(2 * RETRY_SECONDS[0])


class FollowTests(AttachedTestCase):
    def test_port_goes(self) -> None:
        """When the port goes, all but the document goes too."""
        self.network.remove_port("tap0")
        self.told()

        assert ("absent", None) == (self.state("tap0"), self.read("tap0"))
        assert self.network.see("tap0").is_clear

    def test_port_comes_back(self) -> None:
        """When the port comes back, its guest is answered."""
        self.network.remove_port("tap0")
        self.told()
        self.network.add_port("tap0")
        self.told()

        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))

    def test_port_is_another(self) -> None:
        """A port that went and came before anybody looked is steered from anew; the door stays open."""
        self.network.remove_port("tap0")
        self.network.add_port("tap0")
        self.told()

        assert "red" == self.read("tap0")
        assert [(OpenDoors, ("tap0",))] == self.processes[0].asked

    def test_mtu(self) -> None:
        """The link follows the port's MTU."""
        self.network.set_mtu("tap0", 9000)
        self.told()
        link = self.network.see("tap0").link

        assert link
        assert 9000 == link.mtu

    def test_lost_namespace(self) -> None:
        """A namespace that lost its name is made anew, with a door of its own."""
        self.network.lose_namespace("tap0")
        self.network.set_mtu("tap0", 1400)
        self.told()

        assert "red" == self.read("tap0")
        assert ["OpenDoors", "CloseDoor", "OpenDoors"] == [
            each.__name__ for each, _ in self.processes[0].asked
        ]

    def test_survey(self) -> None:
        """What is lost without an announcement is brought back by a survey."""
        self.network.break_namespace("tap0")
        self.told()
        assert self.read("tap0") is None

        self.reactor.advance(SURVEY_SECONDS)

        assert "red" == self.read("tap0")

    def restart_while(self, happens: Callable[[], None]) -> None:
        """Start another agent; something happens when its first survey has looked, but not ended yet."""
        self.stop()
        self.make_agent()
        survey = self.network.survey

        def survey_first(interfaces: Collection[str]) -> Mapping[str, Seen]:
            surveys.restore()
            seen = survey(interfaces)
            happens()
            return seen

        surveys = self.patch(self.network, "survey", survey_first)
        self.start()
        self.told()

    def test_change_during_the_first_survey(self) -> None:
        """What changes just when it was surveyed is announced, however early."""
        self.restart_while(lambda: self.network.remove_port("tap0"))

        assert "absent" == self.state("tap0")

    def test_change_told_during_the_first_survey(self) -> None:
        """What is announced before the survey has ended is not as the survey has seen it."""

        def change() -> None:
            self.network.remove_port("tap0")
            self.told()

        self.restart_while(change)

        assert "absent" == self.state("tap0")

    def test_damage_told_during_the_first_survey(self) -> None:
        """What happens inside a namespace is announced by its link, which is known before the survey."""

        def change() -> None:
            self.network.lose_address("tap0")
            self.told()

        self.restart_while(change)

        assert self.network.inspect("tap0").is_wired

    def test_overflow_during_the_first_survey(self) -> None:
        """When the kernel had to drop announcements meanwhile, what the survey has seen is not used."""

        def change() -> None:
            self.network.remove_port("tap0")
            self.network.overflow()
            self.told()

        self.restart_while(change)

        assert "absent" == self.state("tap0")

    def test_lost_steering(self) -> None:
        """A table that is lost is made again at once."""
        self.network.lose_steering("tap0")
        assert self.read("tap0") is None
        self.told()

        assert "red" == self.read("tap0")

    def test_overflow(self) -> None:
        """When the kernel had to drop announcements, everything is looked at."""
        self.network.remove_port("tap0")
        self.network.overflow()
        self.told()

        assert "absent" == self.state("tap0")

    def test_survey_in_peace(self) -> None:
        """A survey of what is as it should be changes nothing and says nothing."""
        self.network.applied.clear()
        with capturedLogs() as logs:
            self.reactor.advance(SURVEY_SECONDS)
            self.reactor.advance(SURVEY_SECONDS)

        assert ([], []) == (self.network.applied, logs)

    def test_retry(self) -> None:
        """What fails is tried again after growing pauses; its beginning and its end are told, once each."""
        self.network.lose_steering("tap0")
        self.network.refusals[Steer("tap0")] = REFUSED
        with capturedLogs() as logs:
            self.reactor.advance(SURVEY_SECONDS)
            assert "failed" == self.state("tap0")
            for pause in RETRY_SECONDS[:3]:
                self.reactor.advance(2 * pause)
            self.network.refusals.clear()
            self.reactor.advance(2 * RETRY_SECONDS[3])

        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))
        assert (1, 1) == (said(logs, "{error}"), said(logs, "no longer fails"))

    def test_others_go_on(self) -> None:
        """An interface that fails does not hold up another."""
        self.network.lose_steering("tap0")
        self.network.refusals[Steer("tap0")] = REFUSED
        self.reactor.advance(SURVEY_SECONDS)

        assert State.OPEN is self.attach("tap1", GREEN).state
        assert "failed" == self.state("tap0")

    def test_bug(self) -> None:
        """A bug of ours is told with its traceback, and the interface is tried again."""
        self.network.lose_steering("tap0")
        self.network.refusals[Steer("tap0")] = ZeroDivisionError()  # type: ignore[assignment] # a bug
        self.reactor.advance(SURVEY_SECONDS)
        assert 1 == len(self.flushLoggedErrors(ZeroDivisionError))

        self.network.refusals.clear()
        self.reactor.advance(2 * RETRY_SECONDS[0])

        assert "red" == self.read("tap0")


class DamageTests(AttachedTestCase):
    """What somebody does inside a namespace, and what the agent does about it."""

    def test_announced(self) -> None:
        """Damage that the kernel announces is repaired at once, and told once with what it was."""
        for damage in (self.network.lose_address, self.network.lose_rules, self.network.sever):
            with self.subTest(damage=damage), capturedLogs() as logs:
                damage("tap0")
                assert not self.network.inspect("tap0").is_wired
                self.told()

                assert self.network.inspect("tap0").is_wired
                self.reactor.advance(2 * RETRY_SECONDS[0])
                assert 1 == said(logs, "put right")

    def test_unannounced(self) -> None:
        """Damage that nobody announces is found within a round."""
        self.network.lose_sysctl("tap0")
        self.told()
        assert not self.network.inspect("tap0").is_wired

        self.advance(2 * ROUND_SECONDS)

        assert self.network.inspect("tap0").is_wired

    def test_while_announcements_were_lost(self) -> None:
        """When the kernel had to drop announcements, namespaces are looked into as well."""
        self.network.lose_address("tap0")
        self.network.overflow()
        self.told()

        assert self.network.inspect("tap0").is_wired

    def test_severed(self) -> None:
        """Where the link leads elsewhere the door is opened anew, in the namespace that has the name now."""
        self.network.sever("tap0")
        self.told()

        assert "red" == self.read("tap0")
        assert ["OpenDoors", "CloseDoor", "OpenDoors"] == [
            each.__name__ for each, _ in self.processes[0].asked
        ]

    def test_door_stays_open(self) -> None:
        """Other damage is repaired under the guest's open connections."""
        self.network.lose_rules("tap0")
        self.told()

        assert [(OpenDoors, ("tap0",))] == self.processes[0].asked

    def test_fight(self) -> None:
        """What somebody spoils again and again is repaired ever more seldom, and told once."""
        self.network.spoiled.add("tap0")
        self.network.lose_address("tap0")
        with capturedLogs() as logs:
            self.told()
            self.network.applied.clear()
            for _ in range(60):
                self.reactor.advance(1)
                self.told()

        repairs = self.network.applied.count(Renew("tap0"))
        assert 3 <= repairs <= len(RETRY_SECONDS)
        assert 1 == said(logs, "put right")

        self.network.spoiled.clear()
        self.advance(2 * RETRY_SECONDS[-1])
        assert self.network.inspect("tap0").is_wired

    def test_repair_fails(self) -> None:
        """A repair that fails is told, and tried again."""
        self.network.refusals[Renew("tap0")] = REFUSED
        self.network.lose_rules("tap0")
        self.told()
        assert "failed" == self.state("tap0")

        self.network.refusals.clear()
        self.reactor.advance(2 * RETRY_SECONDS[0])

        assert "open" == self.state("tap0")
        assert self.network.inspect("tap0").is_wired

    def test_detached(self) -> None:
        """What is detached is looked into no more."""
        self.network.lose_address("tap0")
        self.successResultOf(self.detaching("tap0"))
        self.told()
        self.network.applied.clear()
        self.advance(2 * ROUND_SECONDS)

        assert [] == self.network.applied

    def test_renamed(self) -> None:
        """A port with another name is absent under the old one, which says so; it may come back."""
        self.network.rename_port("tap0", "tap7")
        self.told()
        assert "'tap0' was renamed to 'tap7'" in str(self.status_of("tap0").reason)
        assert self.network.see("tap0").is_clear

        self.network.rename_port("tap7", "tap0")
        self.told()
        assert ("open", "red") == (self.state("tap0"), self.read("tap0"))

        self.network.remove_port("tap0")
        self.told()
        assert "there is no interface 'tap0'" in str(self.status_of("tap0").reason)

    def advance(self, seconds: float) -> None:
        """Let time pass, a quarter of a second at once."""
        for _ in range(round(4 * seconds)):
            self.reactor.advance(0.25)
            self.told()
