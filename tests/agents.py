"""A real agent process, as an operator runs it, for tests in a throw-away host."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.support import soon

START_SECONDS = 20
COMMAND_SECONDS = 30


class Agent:
    """`eve-meta agent` with directories of its own, and the commands that talk to it."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.state_dir = directory / "state"
        self.run_dir = directory / "run"
        self.log = directory / "agent.log"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and return when it can be asked."""
        arguments = ["--state-dir", str(self.state_dir), "--run-dir", str(self.run_dir), *self._options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "eve_meta", "agent", *arguments], stdout=log, stderr=log
            )
        assert soon(lambda: self.run("list").returncode == 0, START_SECONDS), self.log.read_text(
            encoding="utf-8"
        )
        return self

    def stop(self) -> int:
        """End it as systemd does; the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it without warning."""
        return self._end(signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Of the agent's own process."""
        assert self._process
        return self._process.pid

    def server_pids(self) -> list[int]:
        """Of the processes that answer guests."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in children.split()]

    def run(self, verb: str, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `eve-meta VERB`, whatever comes of it."""
        return subprocess.run(
            [sys.executable, "-m", "eve_meta", verb, "--run-dir", str(self.run_dir), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def attach(self, interface: str, document: Mapping[str, object]) -> None:
        """Attach an interface, which must succeed."""
        done = self.run("attach", interface, "-", given=json.dumps(document))
        assert done.returncode == 0, done.stderr + self.log.read_text(encoding="utf-8")

    def detach(self, interface: str) -> None:
        """Detach an interface, which must succeed."""
        done = self.run("detach", interface)
        assert done.returncode == 0, done.stderr + self.log.read_text(encoding="utf-8")

    def clear(self) -> None:
        """Detach all that is attached."""
        for each in json.loads(self.run("list", "--json").stdout)["interfaces"]:
            self.detach(each["interface"])

    def show(self, interface: str) -> dict[str, Any]:
        """What the agent says of an interface."""
        shown: dict[str, Any] = json.loads(self.run("show", interface, "--json").stdout)
        return shown

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        os.kill(process.pid, number)
        return process.wait(COMMAND_SECONDS)
