"""Attach and detach in any order, from two processes at once: the last word holds, and nothing is left over.

`scripts/cycles` does the same with 10 000 of each process.
"""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path

from netns import namespace_of, namespaces
from netns.names import NAMESPACE_PREFIX
from tests.agents import Agent
from tests.hosts import HOSTNAME, Guest, Host, kernel_objects
from tests.integration.cycling import Command
from tests.support import soon

TAPS = ("tap0", "tap1", "tap2")
BURST = 25

INTERFACE = attrgetter("interface")


def test_cycles(host: Host, agent: Agent, cycles: int) -> None:
    """After each burst every guest reads what was asked for last; at the end all is as at the beginning."""
    bridge = host.bridge()
    guests = {tap: host.guest(f"guest-{tap}", tap, bridge=bridge) for tap in TAPS}
    for _ in burst(agent, "warm-up", BURST):
        pass
    agent.clear()
    before = everything(agent)
    wished: dict[str, set[str | None]] = {tap: {None} for tap in TAPS}
    for number in range(-(-cycles // BURST)):
        wished |= last_words(burst(agent, str(number), BURST))
        for tap, guest in guests.items():
            assert answer(guest) in wished[tap]
    agent.clear()
    assert soon(lambda: before == everything(agent)), (before, everything(agent))


def burst(agent: Agent, seed: str, count: int) -> Iterator[Command]:
    """What two processes have asked for at the same time."""
    program = (sys.executable, "-m", "tests.integration.cycling", str(agent.run_dir))
    running = [
        subprocess.Popen([*program, f"{seed} {each}", str(count), *TAPS], stdout=subprocess.PIPE)
        for each in ("one", "other")
    ]
    for each in running:
        said, _ = each.communicate(timeout=120)
        assert each.returncode == 0, agent.said()
        yield from (Command(**json.loads(line)) for line in said.splitlines())


def last_words(commands: Iterable[Command]) -> dict[str, set[str | None]]:
    """Of each interface what may hold now: that of which no other command began after its end."""
    words = {}
    for interface, listed in itertools.groupby(sorted(commands, key=INTERFACE), INTERFACE):
        asked = list(listed)
        last_began = max(each.began for each in asked)
        words[interface] = {each.wish for each in asked if each.ended >= last_began}
    return words


def answer(guest: Guest) -> str | None:
    """The hostname that a guest reads; None where there is no namespace that could answer."""
    is_there = namespace_of(guest.tap) in namespaces.names(NAMESPACE_PREFIX)
    return guest.read(HOSTNAME) if is_there else None


def everything(agent: Agent) -> dict[str, object]:
    """What there is in the kernel, of processes and their descriptors, and of files."""
    processes = [agent.pid, *agent.server_pids()]
    return {
        **kernel_objects(),
        "processes": processes,
        "descriptors": [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in processes],
        "files": sorted(str(each) for place in (agent.state_dir, agent.run_dir) for each in place.rglob("*")),
    }


def test_last_words() -> None:
    """Commands that overlap may both be the last."""
    commands = [
        Command("tap0", "red", 1, 2),
        Command("tap0", None, 3, 5),
        Command("tap0", "green", 4, 6),
        Command("tap1", "red", 1, 2),
    ]
    assert {"tap0": {None, "green"}, "tap1": {"red"}} == last_words(commands)
