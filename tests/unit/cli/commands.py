"""Runs the command as its users do: as a process."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
PYTHON = (sys.executable, "-W", "error")
INTERRUPTIBLE = ("env", "--default-signal=INT")
"""Before a command that is sent SIGINT: of tests that run in the background it would ignore that."""


@frozen
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def eve_meta(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> Ran:
    ran = subprocess.run(
        [*PYTHON, "-m", "eve_meta", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=ENVIRONMENT,
        cwd=cwd,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def on_a_terminal(*arguments: str | Path) -> str:
    """What the command shows its user there."""
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as shown, open(theirs, "wb") as terminal:  # noqa: PTH123 - descriptors
        command = [*PYTHON, "-m", "eve_meta", *map(str, arguments)]
        subprocess.run(command, stdout=terminal, env=ENVIRONMENT, check=True)
        return shown.read(65536).decode()


def failed(message: str) -> Ran:
    """One line on standard error."""
    return Ran(1, "", f"eve-meta: {message}\n")


@frozen
class Agent:
    """An agent on a host in memory.

    Attributes:
        run_dir: where its control socket is.
        stored: where its documents are.
    """

    run_dir: Path
    stored: Path
    _process: "subprocess.Popen[bytes]"

    def port_comes(self, *names: str) -> None:
        """Let ports come."""
        for each in names:
            self._tell(f"+{each}\n")

    def port_goes(self, name: str) -> None:
        """Let a port go."""
        self._tell(f"-{name}\n")

    def guest_sets_password(self, interface: str, password: str) -> None:
        """Let the guest behind an interface set its password."""
        self._tell(f"*{interface} {password}\n")

    def guest_reports(self, interface: str, kubeconfig: str) -> None:
        """Let the guest behind an interface report its kubeconfig."""
        self._tell(f"!{interface} {kubeconfig}\n")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        self.wait()

    def wait(self) -> None:
        """Return when what was asked last is done."""
        assert self._process.stdout is not None
        assert b"done\n" == self._process.stdout.readline()


@contextmanager
def running_agent(directory: Path) -> Iterator[Agent]:
    """An agent with a directory; there are no ports yet."""
    script = Path(__file__).with_name("agent_process.py")
    command = [*PYTHON, str(script), str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        agent = Agent(directory / "run", directory / "state" / "vms", process)
        try:
            agent.wait()
            yield agent
        finally:
            assert process.stdin is not None
            process.stdin.close()
    assert 0 == process.returncode
