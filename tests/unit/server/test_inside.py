"""What somebody can do who has taken a server over: a program that is confined as one tries."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eve_meta.server.seccomp import FATAL, FORKING, SERVING
from tests.unit.server.inside_server import number_of

PROGRAM = str(Path(__file__).with_name("inside_server.py"))
PATIENCE_SECONDS = 60

Outcomes = dict[str, str]

NOTHING_THERE = {
    "list the root": "['dev']",
    "list above the root": "['dev']",
    "read /dev/null": "b''",
    "read a file": "ENOENT",
    "read /proc": "ENOENT",
    "read a file above the root": "ENOENT",
}
"""There is no file but an empty one."""

WRITES = (
    "write /dev/null",
    "create a file",
    "create a file in dev",
    "make a directory",
    "make a device",
    "remove a file",
    "rename",
    "link",
    "leave the root",
)
REFUSED = (
    *WRITES,
    "change a mode",
    "execute a memory file",
    "signal another",
    "signal another by its thread",
    "have another signalled",
    "limit another",
    "be traceable",
    "fork into a user namespace",
    "map what can be executed",
    "make memory executable",
    "make a pair of sockets",
    "make a socket of AF_INET",
    "make a socket of AF_INET6",
    "make a socket of AF_UNIX",
    "make a socket of AF_NETLINK",
    "make a socket of AF_PACKET",
    "connect a socket",
    "connect by sending",
    "bind a socket",
    "send to an address",
    "change the protocol",
)
FATAL_ATTEMPTS = (
    "change the root",
    "execute a program",
    "execute a descriptor",
    "trace another",
    "read another's memory",
    "be root",
    "be in root's group",
    "have a capability",
    "make a user namespace",
    "make a network namespace",
    "mount a file system",
    "make a ring",
    "load a BPF program",
    "ask for a key",
)
BY_THE_USER = {
    "change the root": "EPERM",
    "trace another": "EPERM",
    "be root": "EPERM",
    "be in root's group": "EPERM",
    "change a mode": "EPERM",
    "make a network namespace": "EPERM",
    "make a socket of AF_PACKET": "EPERM",
    "fork": "EAGAIN",
    "make a thread": "can't start new thread",
    "execute a program": "ENOENT",
    **dict.fromkeys(WRITES, "EACCES"),
}
"""What is refused without any filter, since a server is nobody in an empty directory."""

SERVER = {
    **NOTHING_THERE,
    **dict.fromkeys(REFUSED, "ENOSYS"),
    **dict.fromkeys(FATAL_ATTEMPTS, "SIGSYS"),
    "fork": "ENOSYS",
    "make a thread": "can't start new thread",
    "open another": "ENOSYS",
    "raise a limit": "ENOSYS",
    "filter itself": "ENOSYS",
    "send a message to an address": "ENOSYS",
}
FORK_SERVER = SERVER | {
    "fork": "None",
    "raise a limit": "not allowed to raise maximum limit",
    "filter itself": "EFAULT",
    "send a message to an address": "ECONNREFUSED",
}
"""It hears of no guest. That it can open a process does no harm: it can do nothing with it."""

Run = Callable[[str], Outcomes]


@pytest.fixture
def inside(tmp_path: Path) -> Run:
    """Run the program as something, and what came of each attempt."""
    if os.geteuid() != 0:
        pytest.skip("only root can be confined")

    def run(kind: str) -> Outcomes:
        done = subprocess.run(
            [sys.executable, PROGRAM, str(tmp_path), kind],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        outcomes: Outcomes = json.loads(done.stdout)
        return outcomes

    return run


def calls(outcomes: Outcomes) -> Outcomes:
    """What came of calls that only a filter refuses."""
    kinds = {each.name for each in FATAL} | {"a call of another machine", "what is named nowhere"}
    return {name: each for name, each in outcomes.items() if name in kinds}


def attempts(outcomes: Outcomes) -> Outcomes:
    """What came of all else."""
    apart = calls(outcomes)
    return {name: each for name, each in outcomes.items() if name not in apart}


def test_server(inside: Run) -> None:
    """A server that was taken over can open, make, reach and signal nothing."""
    assert attempts(inside("server")) == SERVER


def test_fork_server(inside: Run) -> None:
    """The fork server can fork, and send to whoever has an abstract address; nothing else."""
    outcomes = attempts(inside("fork server"))
    assert outcomes.pop("open another").isdigit()
    assert outcomes.pop("make a thread") != "None"
    assert outcomes == {name: FORK_SERVER[name] for name in outcomes}


@pytest.mark.parametrize("kind", ["server", "fork server"])
def test_calls(inside: Run, kind: str) -> None:
    """A call of another architecture ends either, as any that is fatal does; what is not named fails."""
    outcomes = calls(inside(kind))
    assert outcomes.pop("what is named nowhere") == "[]"
    assert set(outcomes.values()) == {"SIGSYS"}


def test_unfiltered(inside: Run) -> None:
    """The filter is not all that there is: files, identity, others' memory are kept without it."""
    outcomes = inside("unfiltered")
    assert {name: outcomes[name] for name in BY_THE_USER} == BY_THE_USER
    assert {name: outcomes[name] for name in NOTHING_THERE} == NOTHING_THERE


def test_names() -> None:
    """Each call that is named exists: one that is misspelt would be left out."""
    assert [each.name for each in (*FORKING, *FATAL) if number_of(each.name) == -1] == []


def test_fork_server_can_do_what_servers_can() -> None:
    """Else a server could not: of two filters the stricter counts."""
    assert set(SERVING) <= set(FORKING)
    assert not {each.name for each in FATAL} & {each.name for each in FORKING}
