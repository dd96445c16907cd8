"""Servers that die, and what each of several answers, on a host in memory."""

from pathlib import Path

import pytest
from twisted.protocols.amp import Command

from eve_meta.agent.reconciler import SURVEY_SECONDS
from eve_meta.agent.status import State
from eve_meta.messages import BriefRefusedError, OpenDoors, Refresh
from tests.agents import GREEN, RED
from tests.unit.agent.memory_host import AgentTestCase

RED_AGAIN = RED | {"hostname": "red-again"}
OTHER = RED | {"uuid": "11111111-1111-4111-8111-111111111110", "hostname": "other"}
"""At the other of two servers."""


class ServersTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()

    def test_started_again(self) -> None:
        """A server that was started again is handed all doors, as they are by then."""
        self.attach("tap0", RED)
        self.attach("tap1", GREEN)
        self.successResultOf(self.processes[0].die())
        self.processes[0].start()

        assert ["red", "green"] == [self.read(name) for name in ("tap0", "tap1")]

    def test_attach_meanwhile(self) -> None:
        """An attach while there is no server is done when there is one."""
        self.successResultOf(self.processes[0].die())
        attaching = self.attaching("tap0", RED)
        self.assertNoResult(attaching)
        self.processes[0].start()

        assert State.OPEN is self.successResultOf(attaching).state
        assert "red" == self.read("tap0")

    def test_new_document_meanwhile(self) -> None:
        """So is a change of the document, which the old server never saw."""
        self.attach("tap0", RED)
        self.successResultOf(self.processes[0].die())
        attaching = self.attaching("tap0", RED_AGAIN)
        self.processes[0].start()

        assert 2 == self.successResultOf(attaching).revision
        assert "red-again" == self.read("tap0")

    def test_detach_meanwhile(self) -> None:
        """And a detach, after which the door is not opened again."""
        self.attach("tap0", RED)
        self.successResultOf(self.processes[0].die())
        detaching = self.detaching("tap0")
        self.processes[0].start()

        assert self.successResultOf(detaching)
        assert self.processes[0].door("tap0") is None
        assert self.network.see("tap0").is_clear

    def test_refused(self) -> None:
        """A server that refuses a new document goes on with the one it had, and so does the agent."""
        self.attach("tap0", RED)
        self.attach("tap1", RED)
        self.refuse(Refresh)
        self.failureResultOf(self.attaching("tap0", RED_AGAIN), BriefRefusedError)
        self.processes[0].refused = frozenset()

        assert ["red", "red"] == [self.read(name) for name in ("tap0", "tap1")]
        assert "red-again" == (self.attach("tap0", RED_AGAIN) and self.read("tap0"))

    def test_refused_when_started_again(self) -> None:
        """What a new server refuses is not called open, and is tried again."""
        self.attach("tap0", RED)
        self.successResultOf(self.processes[0].die())
        self.refuse(OpenDoors)
        self.processes[0].start()
        self.processes[0].refused = frozenset()
        self.reactor.advance(SURVEY_SECONDS)

        assert "red" == self.read("tap0")
        assert State.OPEN is self.attach("tap1", GREEN).state

    def refuse(self, command: type[Command]) -> None:
        """Let the server refuse a command."""
        self.processes[0].refused = frozenset({command})


class TwoServersTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path, servers=2)
        self.start()

    def test_shared(self) -> None:
        """The VMs are shared out among the servers, each with all its interfaces at one."""
        self.network.add_port("tap2")
        self.attach("tap0", RED)
        self.attach("tap1", RED)
        self.attach("tap2", OTHER)
        served = [
            {name for name in ("tap0", "tap1", "tap2") if each.door(name) is not None}
            for each in self.processes
        ]

        assert [{"tap2"}, {"tap0", "tap1"}] == served

    def test_moved(self) -> None:
        """An interface moves to the server of its new VM."""
        self.attach("tap0", RED)
        self.attach("tap0", OTHER)

        assert "other" == self.read("tap0")
        assert [True, False] == [each.door("tap0") is not None for each in self.processes]

    def test_independent(self) -> None:
        """A server that is down holds up its own VMs alone."""
        self.successResultOf(self.processes[0].die())
        waiting = self.attaching("tap1", OTHER)

        assert State.OPEN is self.attach("tap0", RED).state
        self.assertNoResult(waiting)
        self.processes[0].start()
        assert State.OPEN is self.successResultOf(waiting).state
        assert ["red", "other"] == [self.read(name) for name in ("tap0", "tap1")]
