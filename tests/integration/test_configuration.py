"""A configuration file, and an agent that reads it anew when it is reloaded."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents import RED, Agent
from tests.hosts import HOSTNAME, Guest, Host
from tests.support import soon

REPLACED_SECONDS = 20
ONE_REQUEST = "limits: {requests_per_second: 1, requests_burst: 1}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A file that allows a guest one request a second."""
    path = tmp_path / "config.yaml"
    path.write_text(f"servers: 1\n{ONE_REQUEST}")
    return path


@pytest.fixture
def agent(host: Host, config: Path, tmp_path: Path) -> Iterator[Agent]:
    """One that reads the file."""
    del host
    made = Agent(tmp_path, "--config", str(config)).start()
    yield made
    made.clear()
    made.stop()


@pytest.fixture
def red(host: Host, agent: Agent) -> Guest:
    """A guest that is attached."""
    guest = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    return guest


def statuses(guest: Guest) -> set[int]:
    """How a few requests are answered, one right after the other."""
    return {guest.ask(HOSTNAME).status for _ in range(5)}


def reload(agent: Agent) -> None:
    """Have the agent replaced, and return when the next one is ready."""
    ready = agent.said().count("ready: ")
    os.kill(agent.pid, signal.SIGUSR2)
    assert soon(lambda: agent.said().count("ready: ") > ready, REPLACED_SECONDS), agent.said()


def test_in_force(red: Guest) -> None:
    """What the file says holds."""
    assert statuses(red) == {200, 429}


def test_reload(agent: Agent, red: Guest, config: Path) -> None:
    """What the file says by then holds after a reload, in the same process."""
    pid = agent.pid
    config.write_text("servers: 1\n")
    reload(agent)

    assert agent.pid == pid
    assert statuses(red) == {200}


def test_reload_with_a_damaged_file(agent: Agent, red: Guest, config: Path) -> None:
    """The agent says why it goes on as it is, does so, and is replaced once the file is mended."""
    servers = agent.server_pids()
    config.write_text(f"{ONE_REQUEST}servers: none\n")
    os.kill(agent.pid, signal.SIGUSR2)

    reason = f"{config}:2: servers: expected a whole number, got the text 'none'"
    assert soon(lambda: reason in agent.said(), REPLACED_SECONDS), agent.said()
    assert agent.server_pids() == servers
    assert red.read(HOSTNAME) == "red"

    config.write_text("servers: 2\n")
    reload(agent)
    assert soon(lambda: len(agent.server_pids()) == 2)


def test_option_before_file(host: Host, config: Path, tmp_path: Path) -> None:
    """What is given as an option goes before what the file says."""
    del host
    config.write_text("servers: 3\n")
    agent = Agent(tmp_path, "--config", str(config), "--servers", "1").start()
    try:
        assert soon(lambda: len(agent.server_pids()) == 1)
    finally:
        agent.stop()


def test_no_start_with_a_damaged_file(host: Host, config: Path, tmp_path: Path) -> None:
    """With a file that is wrong an agent does not start, and says what is."""
    del host
    config.write_text("servrs: 3\n")
    done = Agent(tmp_path, "--config", str(config)).refused_start()

    said = f"eve-meta: {config}:1: servrs: is not a setting; did you mean 'servers'?\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
