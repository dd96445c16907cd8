"""Listening sockets that outlive an agent, on a host in memory; the supervisor is a real socket."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from eve_meta.agent.notify import Notifier
from eve_meta.agent.supervisor import CONTROL, Supervisor
from netns import link_of
from tests.agents import RED
from tests.unit.agent.memory_host import AgentTestCase, make_agent

NAME = link_of("tap0")

HANDED_ON = """
import os, socket
from eve_meta.agent.supervisor import Supervisor, hand_on
made = {name: socket.create_server(("127.0.0.1", 0)) for name in ("evma", "evmb")}
ports = [each.getsockname()[1] for each in made.values()]
environ = hand_on({name: os.dup(each.fileno()) for name, each in made.items()})
found = Supervisor.of_process(environ).sockets
assert ["evma", "evmb"] == list(found)
assert ports == [each.getsockname()[1] for each in found.values()]
assert [3, 4] == [each.fileno() for each in found.values()]
assert not any(os.get_inheritable(each.fileno()) for each in found.values())
assert not {"LISTEN_PID", "LISTEN_FDS"} & environ.keys()
"""


def test_handed_on() -> None:
    """What a process hands on to its next program is found by that under its names, and by no child of it."""
    subprocess.run([sys.executable, "-c", HANDED_ON], check=True)


@pytest.mark.parametrize("handed", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "evma"}])
def test_nothing_found(handed: dict[str, str]) -> None:
    """Where nothing was handed over, or to another process, nothing is found."""
    assert {} == Supervisor.of_process(handed).sockets
    assert not Supervisor.of_process(handed).keeps_descriptors
    assert not Supervisor.of_process({"FDSTORE": "0"}).keeps_descriptors
    assert Supervisor.of_process({"FDSTORE": "512"}).keeps_descriptors


class SocketsTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.store = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.store.close)
        self.store.bind(str(tmp_path / "notify"))
        self.store.setblocking(False)  # noqa: FBT003 - the socket module's way
        self.kept: dict[str, socket.socket] = {}
        self.next_agent()
        self.start()
        assert [f"+{CONTROL}"] == self.said()

    def next_agent(self) -> None:
        """Make an agent that finds what was kept of the one before."""
        self.reactor = MemoryReactorClock()
        notifier = Notifier(str(self.directory / "notify"))
        found = {name: socket.socket(fileno=os.dup(each.fileno())) for name, each in self.kept.items()}
        supervisor = Supervisor(notifier, keeps_descriptors=True, sockets=found)
        self.agent, self.processes = make_agent(
            self.directory, self.network, self.reactor, supervisor=supervisor
        )

    def said(self) -> list[str]:
        """What the supervisor was told of descriptors; it does so."""
        said: list[str] = []
        while True:
            try:
                text, descriptors, _, _ = socket.recv_fds(self.store, 4096, 1)
            except BlockingIOError:
                return said
            fields = dict(line.split("=", 1) for line in text.decode().splitlines())
            name = fields.get("FDNAME", "")
            if "FDSTORE" in fields:
                self.kept[name] = socket.socket(fileno=descriptors[0])
                self.addCleanup(self.kept[name].close)
                said.append(f"+{name}")
            elif "FDSTOREREMOVE" in fields:
                self.kept.pop(name).close()
                said.append(f"-{name}")

    def test_kept(self) -> None:
        """The socket of an attached interface is kept until it is detached."""
        self.attach("tap0", RED)
        assert [f"+{NAME}"] == self.said()
        self.attach("tap0", {**RED, "hostname": "pink"})
        assert [] == self.said()
        self.successResultOf(self.detaching("tap0"))

        assert [f"-{NAME}"] == self.said()

    def test_restart(self) -> None:
        """The next agent answers at the same socket."""
        self.attach("tap0", RED)
        self.said()
        before = self.kept[NAME].getsockname()
        self.stop()
        self.next_agent()
        self.start()

        assert "red" == self.read("tap0")
        assert [] == self.said()
        assert before == self.kept[NAME].getsockname()

    def test_another_namespace(self) -> None:
        """A socket of a namespace that is gone is let go of, and another is made."""
        self.attach("tap0", RED)
        self.said()
        self.stop()
        self.network.lose_namespace("tap0")
        self.next_agent()
        self.start()

        assert "red" == self.read("tap0")
        assert [f"-{NAME}", f"+{NAME}"] == self.said()

    def test_port_gone(self) -> None:
        """A socket of an interface that is gone is let go of, and so its namespace ends."""
        self.attach("tap0", RED)
        self.said()
        self.stop()
        self.network.remove_port("tap0")
        self.next_agent()
        self.start()

        assert [f"-{NAME}"] == self.said()

    def test_stranger(self) -> None:
        """A socket of an interface that is not attached is let go of at the start."""
        self.stop()
        self.kept["evmstranger"] = socket.create_server(("127.0.0.1", 0))
        self.next_agent()
        self.start()

        assert ["-evmstranger"] == self.said()

    def test_stopped_while_starting(self) -> None:
        """An agent that is stopped before it has opened a door leaves its socket to the next."""
        self.attach("tap0", RED)
        self.said()
        self.stop()
        self.next_agent()
        self.processes[0].start = lambda: None  # type: ignore[method-assign] # it never comes up
        self.start()
        assert self.read("tap0") is None
        self.stop()
        self.next_agent()
        self.start()

        assert "red" == self.read("tap0")
        assert [] == self.said()
