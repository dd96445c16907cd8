"""An agent under a supervisor that speaks sd_notify(3), which is this test."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import frozen

from tests.agents import EVE_META, RED, START_SECONDS, Agent
from tests.hosts import HOSTNAME, Host
from tests.support import soon

SILENCE_SECONDS = 1.0
RECEIVED_BYTES = 4096


@frozen
class Supervisor:
    """What is told over a socket, and the program that tells it."""

    path: Path
    notices: socket.socket

    @property
    def program(self) -> tuple[str, ...]:
        """An agent that this supervises."""
        limit = f"WATCHDOG_USEC={int(SILENCE_SECONDS * 1e6)}"
        return ("env", f"NOTIFY_SOCKET={self.path}", limit, *EVE_META)

    def next(self) -> dict[str, str]:
        """What it is told next."""
        said = self.notices.recv(RECEIVED_BYTES).decode()
        return dict(line.split("=", 1) for line in said.splitlines())

    def next_with(self, field: str) -> dict[str, str]:
        """What it is told next that has a field."""
        while field not in (told := self.next()):
            pass
        return told


@pytest.fixture
def supervisor(agent: Agent, tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor that listens; no agent runs, nor does one that it supervises when the test is over."""
    agent.stop()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notices:
        notices.bind(str(tmp_path / "notify"))
        notices.settimeout(START_SECONDS)
        yield Supervisor(tmp_path / "notify", notices)
    agent.stop()


def test_ready(host: Host, agent: Agent, supervisor: Supervisor) -> None:
    """When it is told that the agent is ready, the control socket and the guest are answered."""
    red = host.guest("red", "tap0")
    agent.start()
    agent.attach("tap0", RED)
    agent.stop()
    agent.start(supervisor.program)

    told = supervisor.next_with("READY")

    assert told == {"READY": "1", "STATUS": "1 of 1 attached interfaces are answered"}
    assert agent.show("tap0")["state"] == "open"
    assert red.read(HOSTNAME) == "red"


@pytest.mark.usefixtures("host")
def test_alive(agent: Agent, supervisor: Supervisor) -> None:
    """It is told that the agent works before it loses patience; an agent that hangs tells nothing."""
    agent.start(supervisor.program)
    supervisor.next_with("READY")
    started = time.monotonic()
    for _ in range(3):
        assert "WATCHDOG" in supervisor.next()
    took = time.monotonic() - started
    os.kill(agent.pid, signal.SIGSTOP)
    supervisor.notices.settimeout(SILENCE_SECONDS)
    with pytest.raises(TimeoutError):
        [supervisor.next() for _ in range(3)]
    os.kill(agent.pid, signal.SIGCONT)

    assert took < 3 * SILENCE_SECONDS


@pytest.mark.usefixtures("host")
def test_stop(agent: Agent, supervisor: Supervisor) -> None:
    """It is told when the agent begins to stop."""
    agent.start(supervisor.program)
    supervisor.next_with("READY")

    assert agent.stop() == 0
    assert supervisor.next_with("STOPPING") == {"STOPPING": "1"}


@pytest.mark.usefixtures("host")
def test_supervisor_gone(agent: Agent, supervisor: Supervisor) -> None:
    """An agent whose supervisor is gone says so, and goes on."""
    agent.start(supervisor.program)
    supervisor.next_with("READY")
    supervisor.notices.close()

    assert soon(lambda: f"{supervisor.path} is not told: Connection refused" in agent.said())
    assert agent.run("list").returncode == 0
