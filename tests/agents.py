"""A real agent process, as an operator runs it, for tests in a throw-away host."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from eve_meta.contact import control_socket
from tests.support import soon

START_SECONDS = 20
COMMAND_SECONDS = 30
LOG_CHARACTERS = 4000

EVE_META = (sys.executable, "-P", "-m", "eve_meta")

RED = {"uuid": "11111111-1111-4111-8111-111111111111", "hostname": "red"}
GREEN = {"uuid": "22222222-2222-4222-8222-222222222222", "hostname": "green"}


def children(pid: int) -> list[int]:
    """The processes that one has started, or that were forked from it."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Agent:
    """`eve-meta agent` with directories of its own, and the commands that talk to it."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.state_dir = directory / "state"
        self.run_dir = directory / "run"
        self.log = directory / "agent.log"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, program: Sequence[str] = EVE_META) -> Self:
        """Start it, and return when it can be asked."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*program, *self._arguments()], stdout=log, stderr=log)
        assert soon(self._listens, START_SECONDS), self.said()
        return self

    def start_if_stopped(self) -> None:
        """Start it unless it runs."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def refused_start(self, *wrapper: str) -> subprocess.CompletedProcess[str]:
        """Start it where it cannot run, through another command if there is one; what came of it."""
        return subprocess.run(
            [*wrapper, *EVE_META, *self._arguments()],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it as systemd does, or with another signal; the exit code."""
        return self._end(number)

    def kill(self) -> int:
        """End it without warning."""
        return self._end(signal.SIGKILL)

    def wait(self) -> int:
        """Let it end by itself; the exit code."""
        assert self._process
        return self._process.wait(COMMAND_SECONDS)

    @property
    def pid(self) -> int:
        """Of the agent's own process."""
        assert self._process
        return self._process.pid

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8")[-LOG_CHARACTERS:]

    def server_pids(self) -> list[int]:
        """Of the processes that answer guests."""
        return [each for fork_server in children(self.pid) for each in children(fork_server)]

    def run(self, verb: str, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `eve-meta VERB`, whatever comes of it."""
        return subprocess.run(
            [*EVE_META, verb, "--run-dir", str(self.run_dir), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def attach(self, interface: str, document: Mapping[str, object]) -> None:
        """Attach an interface, which must succeed."""
        done = self.run("attach", interface, "-", given=json.dumps(document))
        assert done.returncode == 0, done.stderr + self.said()

    def detach(self, interface: str) -> None:
        """Detach an interface, which must succeed."""
        done = self.run("detach", interface)
        assert done.returncode == 0, done.stderr + self.said()

    def clear(self) -> None:
        """Detach all that is attached."""
        for each in json.loads(self.run("list", "--json").stdout)["interfaces"]:
            self.detach(each["interface"])

    def show(self, interface: str) -> dict[str, Any]:
        """What the agent says of an interface."""
        shown: dict[str, Any] = json.loads(self.run("show", interface, "--json").stdout)
        return shown

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(control_socket(self.run_dir))) == 0

    def _arguments(self) -> list[str]:
        return ["agent", "--state-dir", str(self.state_dir), "--run-dir", str(self.run_dir), *self._options]

    def _end(self, number: int) -> int:
        """End it, and return when all others are gone too: an agent that is killed does not see to that."""
        if self._process is None:
            return 0
        others = [*children(self._process.pid), *self.server_pids()]
        process, self._process = self._process, None
        os.kill(process.pid, number)
        code = process.wait(COMMAND_SECONDS)
        assert soon(lambda: not any(map(_is_running, others)))
        return code


def _is_running(pid: int) -> bool:
    """Whether a process is there and not dead. Source: proc_pid_stat(5)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False
