"""What a running agent's servers, and the process that forks them, may do: as the kernel has it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agents import GREEN, RED, Agent, children
from tests.hosts import HOSTNAME, Host
from tests.support import descriptors_of, soon

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
SECRET = "unmistakable-user-data"
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
INHERITED = {"JOURNAL_STREAM", "LANG", "LC_ALL", "PATH", "PYTHONPATH"}
HARMLESS = {"socket", "pipe", "anon_inode:[eventpoll]", "/dev/null"}
TRACE = "import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0) == 0)"
"""Ends with 1 if another process could be traced (PTRACE_SEIZE). Source: linux/ptrace.h."""


class Process:
    """What `/proc` says of a process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.path = Path(f"/proc/{pid}")

    def status(self) -> dict[str, str]:
        """Its status, by name. Source: proc_pid_status(5)."""
        text = self.path.joinpath("status").read_text(encoding="utf-8")
        return dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))

    def limits(self) -> dict[str, str]:
        """Its hard limits, by name. Source: proc_pid_limits(5)."""
        text = self.path.joinpath("limits").read_text(encoding="utf-8")
        return dict(re.findall(r"^(Max .*?)  +\S+ +(\S+)", text, re.MULTILINE))

    def descriptors(self) -> set[str]:
        """What its descriptors are of: a kind, or a path."""
        paths = descriptors_of(self.pid).values()
        return {re.sub(r"^(socket|pipe):\[\d+\]$", r"\1", each) for each in paths}

    def words(self) -> bytes:
        """What others may read of its arguments and its environment."""
        return self.path.joinpath("cmdline").read_bytes() + self.path.joinpath("environ").read_bytes()

    def variables(self) -> set[str]:
        """The names of its environment."""
        environ = self.path.joinpath("environ").read_text(encoding="utf-8")
        return {each.partition("=")[0] for each in environ.split("\0") if each}


@pytest.fixture
def served(host: Host, agent: Agent) -> Agent:
    """An agent of which each server answers somebody, who has asked."""
    for name, tap, document in (("red", "tap0", RED), ("green", "tap1", GREEN)):
        guest = host.guest(name, tap)
        agent.attach(tap, {**document, "user_data": SECRET})
        assert guest.read(HOSTNAME) == name
    return agent


@pytest.fixture
def servers(served: Agent) -> list[Process]:
    """The processes that answer guests."""
    found = [Process(pid) for pid in served.server_pids()]
    assert len(found) == 2
    return found


@pytest.fixture
def fork_server(served: Agent) -> Process:
    """The process that makes them."""
    [pid] = children(served.pid)
    return Process(pid)


@pytest.fixture
def processes(servers: list[Process], fork_server: Process) -> list[Process]:
    """All but the agent."""
    return [*servers, fork_server]


def as_nobody(*command: str) -> int:
    """Run a command as the user that servers are; its exit code."""
    return subprocess.run([*AS_NOBODY, *command], capture_output=True, check=False).returncode


def test_identity(processes: list[Process]) -> None:
    """Each is nobody, with no capability that it has or could get, and no thread."""
    for status in (each.status() for each in processes):
        assert {str(NOBODY)} == {*status["Uid"].split(), *status["Gid"].split()}
        assert ("", "1", "1") == (status["Groups"], status["Threads"], status["NoNewPrivs"])
        assert [0] * len(CAPABILITIES) == [int(status[name], 16) for name in CAPABILITIES]


def test_filters(servers: list[Process], fork_server: Process) -> None:
    """A server has the fork server's filter, and a stricter one."""
    filtered = [(each.status()["Seccomp"], each.status()["Seccomp_filters"]) for each in servers]
    inherited = int(fork_server.status()["Seccomp_filters"])

    assert "2" == fork_server.status()["Seccomp"]
    assert [("2", str(inherited + 1))] * 2 == filtered


def test_limits(servers: list[Process], fork_server: Process) -> None:
    """None leaves a core file; a server makes no process; there are as many descriptors as root may have."""
    most = Process(os.getpid()).limits()["Max open files"]
    assert ["0"] * 3 == [each.limits()["Max core file size"] for each in (*servers, fork_server)]
    assert ["0"] * 2 == [each.limits()["Max processes"] for each in servers]
    assert [most] * 2 == [each.limits()["Max open files"] for each in servers]


def test_root(served: Agent, processes: list[Process]) -> None:
    """Each is in a directory that holds nothing but an empty file, which root alone can change."""
    root = served.run_dir / "root"
    assert {root} == {each.path.joinpath("root").readlink() for each in processes}
    assert {root} == {each.path.joinpath("cwd").readlink() for each in processes}
    for path in (root, root / "dev", root / "dev" / "null"):
        assert (0, 0) == (path.stat().st_uid, path.stat().st_mode & 0o022)
    assert [root / "dev", root / "dev" / "null"] == sorted(root.rglob("*"))


def test_descriptors(served: Agent, servers: list[Process], fork_server: Process) -> None:
    """A server has sockets, what its reactor waits with, and the log."""
    allowed = {*HARMLESS, str(served.log), str(served.run_dir / "root" / "dev" / "null")}
    assert [set(), set()] == [each.descriptors() - allowed for each in servers]
    assert set() == fork_server.descriptors() - allowed - {"anon_inode:[pidfd]", "pidfd"}


def test_log_cannot_be_changed(served: Agent, servers: list[Process]) -> None:
    """What is in the log stays: a server can but add to it."""
    for each in servers:
        for number in ("1", "2"):
            assert (each.path / "fd" / number).readlink() == served.log
            told = (each.path / "fdinfo" / number).read_text()
            flags = re.search(r"^flags:\s+(\d+)$", told, re.MULTILINE)
            assert flags
            assert int(flags[1], 8) & os.O_APPEND


def test_words(processes: list[Process]) -> None:
    """Neither arguments nor environment hold a secret, or anything that was not meant for them."""
    for each in processes:
        assert SECRET.encode() not in each.words()
        assert each.variables() <= INHERITED


def test_memory(processes: list[Process]) -> None:
    """Another process of the same user can neither read what is one's nor trace it, as it can others."""
    other = subprocess.Popen([*AS_NOBODY, "sleep", "60"])
    try:
        assert soon(lambda: Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n")
        assert [0] * 3 == [each.path.joinpath("mem").stat().st_uid for each in processes]
        assert all(as_nobody("cat", f"/proc/{each.pid}/environ") != 0 for each in processes)
        assert [0] * 3 == [as_nobody(sys.executable, "-c", TRACE, str(each.pid)) for each in processes]
        assert (0, 1) == (
            as_nobody("cat", f"/proc/{other.pid}/environ"),
            as_nobody(sys.executable, "-c", TRACE, str(other.pid)),
        )
    finally:
        other.kill()
        other.wait()
