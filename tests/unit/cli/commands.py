"""Runs the command as its users do: as a process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
PYTHON = (sys.executable, "-W", "error")


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


def failed(message: str) -> Ran:
    """One line on standard error."""
    return Ran(1, "", f"eve-meta: {message}\n")


@contextmanager
def running_agent(directory: Path) -> Iterator[Path]:
    """The run directory of an agent without a kernel."""
    run_dir, state_dir = directory / "run", directory / "vms"
    script = Path(__file__).with_name("agent_process.py")
    command = [*PYTHON, str(script), str(run_dir), str(state_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert b"ready\n" == process.stdout.readline()
            yield run_dir
        finally:
            process.stdin.close()
    assert 0 == process.returncode
