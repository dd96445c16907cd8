"""Guests ask all the time while the processes that answer them come and go."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from eve_meta.cli.client import Client
from netns import namespace_of
from tests.agents import EVE_META, GREEN, RED, Agent, children
from tests.hosts import HOSTNAME, Guest, Host, run
from tests.integration.asking import asking, repeating
from tests.support import soon

SUPERVISOR = str(Path(__file__).with_name("supervisor.py"))


class Supervised(Agent):
    """An agent that a supervisor runs, which keeps its descriptors."""

    def start(self, program: Sequence[str] = EVE_META) -> Self:
        """Start both, and return when the agent can be asked."""
        return super().start((sys.executable, SUPERVISOR, *program))

    @property
    def pid(self) -> int:
        """Of the agent; the supervisor is its parent."""
        [agent] = children(super().pid)
        return agent

    def signal(self, number: int) -> None:
        """Send the agent a signal, and return when the next one can be asked."""
        before = self.ready_times()
        os.kill(self.pid, number)
        assert soon(lambda: self.ready_times() > before, 20), self.said()

    def kill_server(self, interface: str) -> None:
        """Kill the server that answers an interface, and return when there is another."""
        before = self.show(interface)["server_pid"]
        os.kill(before, signal.SIGKILL)
        assert soon(lambda: self.show(interface)["server_pid"] not in {before, None})

    def ready_times(self) -> int:
        """How often an agent was ready."""
        return self.log.read_text(encoding="utf-8").count(": ready: ")


def listening() -> set[str]:
    """The sockets that guests reach, by their inodes: the same as long as one has not been closed."""
    shown = run("ip", "netns", "exec", namespace_of("tap0"), "ss", "-Hltne").split()
    return {word for word in shown if word.startswith("ino:")}


@pytest.fixture
def supervised(host: Host, tmp_path: Path) -> Iterator[Supervised]:
    """An agent under a supervisor."""
    del host
    made = Supervised(tmp_path, "--servers", "2")
    try:
        yield made.start()
        made.clear()
    finally:
        made.stop()


@pytest.fixture
def guests(host: Host, supervised: Supervised) -> tuple[Guest, Guest]:
    """Two guests, at two servers."""
    bridge = host.bridge()
    made = host.guest("red", "tap0", bridge=bridge), host.guest("green", "tap1", bridge=bridge)
    supervised.attach("tap0", RED)
    supervised.attach("tap1", GREEN)
    return made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGUSR2])
def test_agent(supervised: Supervised, guests: tuple[Guest, Guest], number: int) -> None:
    """While the agent is restarted, killed or replaced, each question is answered, at the same sockets.

    So are operators; only who is being answered when the agent is killed is not.
    """
    before = listening()
    operator = Client(supervised.run_dir)
    with ExitStack() as stack:
        operators = stack.enter_context(repeating(operator.list))
        failures = [stack.enter_context(asking(guest)) for guest in guests]
        for _ in range(3):
            supervised.signal(number)
            # A guest waits 10 s: for one start, not for three.
            assert ["red", "green"] == [guest.read(HOSTNAME) for guest in guests]
    assert [[], []] == failures, supervised.said()
    assert len(operators) <= (3 if number == signal.SIGKILL else 0), operators
    assert before == listening()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGUSR2])
def test_guest_that_waits(supervised: Supervised, guests: tuple[Guest, Guest], number: int) -> None:
    """Is answered when the agent goes, and waits at the next, over a connection that is let in there."""
    red, _ = guests
    tag = red.ask(HOSTNAME).headers["ETag"]
    path = f"{HOSTNAME}?wait_for_change=true&last_etag={tag}"
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(red.ask, path, seconds=60)
        assert soon(lambda: connections(supervised))
        supervised.signal(number)
        assert (b"red", tag, "close") == (
            answer.result().body,
            answer.result().headers["ETag"],
            answer.result().headers["Connection"],
        )
        again = threads.submit(red.ask, path, seconds=60)
        assert soon(lambda: connections(supervised))
        supervised.attach("tap0", RED | {"hostname": "pink"})
        assert again.result().body == b"pink"


def connections(agent: Agent) -> int:
    """How many guests are in at tap0."""
    interfaces = Client(agent.run_dir).traffic()["interfaces"]
    return int(interfaces["tap0"]["connections"]) if "tap0" in interfaces else 0


def test_server(supervised: Supervised, guests: tuple[Guest, Guest]) -> None:
    """While a server is killed, no more fails than what it was answering."""
    with ExitStack() as stack:
        failures = [stack.enter_context(asking(guest)) for guest in guests]
        for _ in range(3):
            supervised.kill_server("tap0")
    assert [] == failures[1]
    assert 3 >= len(failures[0])
