"""Attach and detach, on a host in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eve_meta.agent.history import RETRY_SECONDS
from eve_meta.agent.status import State
from eve_meta.messages import OpenDoors, Refresh
from netns import KernelRefusedError, NameRefusedError, NoSuchInterfaceError, UnsuitableInterfaceError
from netns.steps import Furnish, RemoveLink
from tests.agents import GREEN, RED
from tests.unit.agent.memory_host import AgentTestCase

RED_AGAIN = RED | {"hostname": "red-again"}
REFUSED = KernelRefusedError("do it", 12)


class AttachTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()

    def test_answered(self) -> None:
        """An attach is done once a guest is answered."""
        status = self.attach("tap0", RED)

        assert (State.OPEN, None, 1) == (status.state, status.reason, status.revision)
        assert "red" == self.read("tap0")

    def test_steered_last(self) -> None:
        """Frames come when a socket listens for them, and a server accepts from it."""
        opened: list[object] = []
        ask = self.processes[0].ask

        async def ask_and_look(command: type, **arguments: object) -> Mapping[str, Any]:
            answer = await ask(command, **arguments)
            opened.append((command, self.network.see("tap0").is_wired))
            return answer

        self.processes[0].ask = ask_and_look  # type: ignore[method-assign]
        self.attach("tap0", RED)

        assert [(OpenDoors, False)] == opened
        assert self.network.see("tap0").is_wired

    def test_new_document(self) -> None:
        """Another document is served at the door that is open, and the kernel is not touched."""
        self.attach("tap0", RED)
        self.network.applied.clear()
        status = self.attach("tap0", RED_AGAIN)

        assert ("red-again", 2) == (self.read("tap0"), status.revision)
        assert [] == self.network.applied
        assert [(OpenDoors, ("tap0",)), (Refresh, ("tap0",))] == self.processes[0].asked

    def test_two_interfaces(self) -> None:
        """Two interfaces of one VM serve the same revision, changed in one message."""
        self.attach("tap0", RED)
        self.attach("tap1", RED_AGAIN)
        statuses = self.agent.lifecycle.statuses()

        assert ["red-again", "red-again"] == [self.read(name) for name in ("tap0", "tap1")]
        assert {2} == {status.revision for status in statuses}

        self.attach("tap0", RED)
        command, interfaces = self.processes[0].asked[-1]
        assert (Refresh, {"tap0", "tap1"}) == (command, {*interfaces})  # type: ignore[misc] # a tuple

    def test_other_vm(self) -> None:
        """An interface that becomes another VM's answers with that one's document, through a new door."""
        self.attach("tap0", RED)
        self.attach("tap0", GREEN)

        assert "green" == self.read("tap0")
        assert ["OpenDoors", "CloseDoor", "OpenDoors"] == [
            each.__name__ for each, _ in self.processes[0].asked
        ]

    def test_no_such_interface(self) -> None:
        """An interface that is not there is named, and nothing is kept."""
        failure = self.failureResultOf(self.attaching("tap7", RED), NoSuchInterfaceError)

        assert "there is no interface 'tap7' on this host (see 'ip link')" == str(failure.value)
        assert () == self.agent.lifecycle.statuses()

    def test_bad_name(self) -> None:
        """A name that no interface has is refused before anything is looked at."""
        self.failureResultOf(self.attaching("a" * 16, RED), NameRefusedError)
        self.failureResultOf(self.detaching("a" * 16), NameRefusedError)

    def test_bridge(self) -> None:
        """An interface that is no VM's port is refused with what to name instead."""
        self.network.add_port("br0", objection="is a bridge: name the VM's port on it, e.g. tap0")
        failure = self.failureResultOf(self.attaching("br0", RED), UnsuitableInterfaceError)

        assert "br0 is a bridge: name the VM's port on it, e.g. tap0" == str(failure.value)
        assert self.network.see("br0").is_clear

    def test_wait(self) -> None:
        """Who waits for an interface is answered when it has come."""
        attaching = self.attaching("tap7", RED, wait=10)
        self.reactor.advance(9)
        self.assertNoResult(attaching)
        self.network.add_port("tap7")
        self.told()

        assert State.OPEN is self.successResultOf(attaching).state

    def test_wait_through_overflow(self) -> None:
        """An interface that came when the kernel had to drop announcements has come all the same."""
        attaching = self.attaching("tap7", RED, wait=10)
        self.network.add_port("tap7")
        self.network.overflow()
        self.told()

        assert State.OPEN is self.successResultOf(attaching).state

    def test_wait_in_vain(self) -> None:
        """Who waits for an interface that does not come is told so when the time is over."""
        attaching = self.attaching("tap7", RED, wait=10)
        self.reactor.advance(10)

        self.failureResultOf(attaching, NoSuchInterfaceError)

    def test_kernel_refuses(self) -> None:
        """An attach that the kernel refuses fails, and leaves nothing."""
        self.network.refusals[Furnish("tap0", 1500)] = REFUSED
        failure = self.failureResultOf(self.attaching("tap0", RED), KernelRefusedError)

        assert "could not do it: Cannot allocate memory (errno 12)" == str(failure.value)
        assert self.network.see("tap0").is_clear
        assert () == self.agent.lifecycle.statuses()

    def test_kernel_refuses_another_vm(self) -> None:
        """An attach that fails leaves in force what was: the other VM is served as before."""
        self.attach("tap0", RED)
        self.network.set_mtu("tap0", 1400)
        self.network.refusals[Furnish("tap0", 1400)] = REFUSED
        self.failureResultOf(self.attaching("tap0", GREEN), KernelRefusedError)
        self.network.refusals.clear()
        self.reactor.advance(2 * RETRY_SECONDS[1])

        assert "red" == self.read("tap0")

    def test_one_at_a_time(self) -> None:
        """What is asked of one interface at the same time is done one after the other, in order."""
        asked = [self.attaching("tap7", each, wait=10) for each in (RED, GREEN)]
        detaching = self.detaching("tap0")
        self.network.add_port("tap7")
        self.told()

        assert [1, 2] == [self.successResultOf(each).revision for each in asked]
        assert not self.successResultOf(detaching)
        assert "green" == self.read("tap7")


class DetachTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()
        self.attach("tap0", RED)

    def test_nothing_left(self) -> None:
        """A detach leaves nothing, in the kernel, at the servers or on disk."""
        assert self.successResultOf(self.detaching("tap0"))

        assert self.network.see("tap0").is_clear
        assert self.processes[0].door("tap0") is None
        assert [] == list((self.directory / "state" / "vms").iterdir())
        assert self.state("tap0") is None

    def test_not_attached(self) -> None:
        """A detach of what is not attached says so."""
        assert not self.successResultOf(self.detaching("tap1"))

    def test_one_of_two(self) -> None:
        """The VM's other interface goes on."""
        self.attach("tap1", RED)
        self.successResultOf(self.detaching("tap0"))

        assert (None, "red") == (self.read("tap0"), self.read("tap1"))

    def test_without_port(self) -> None:
        """What has no port any more can be detached."""
        self.network.remove_port("tap0")

        assert self.successResultOf(self.detaching("tap0"))
        assert self.network.see("tap0").is_clear

    def test_kernel_refuses(self) -> None:
        """A detach that the kernel refuses fails, is not forgotten and is tried again."""
        self.network.refusals[RemoveLink("tap0")] = REFUSED
        self.failureResultOf(self.detaching("tap0"), KernelRefusedError)
        assert not self.network.see("tap0").is_clear

        self.network.refusals.clear()
        self.reactor.advance(2 * RETRY_SECONDS[0])

        assert self.network.see("tap0").is_clear
