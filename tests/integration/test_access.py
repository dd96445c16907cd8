"""Who may ask an agent: root, and a group if one is named."""

import grp
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from eve_meta.contact import control_socket
from tests.agents import Agent
from tests.hosts import Host
from tests.support import need_programs, need_sandbox

MEMBERS, OTHERS = "daemon", "mail"
CANNOT_CONNECT = 7
"""Of curl. Source: curl(1), EXIT CODES."""

RUN_DIR = Path("/run/eve-meta-access")
"""Where others may pass, other than in the directories that pytest makes."""


class Reachable(Agent):
    """An agent with a run directory whose parents others may pass."""

    def __init__(self, directory: Path, *options: str) -> None:
        super().__init__(directory, *options)
        self.run_dir = RUN_DIR


@pytest.fixture
def directory(host: Host, tmp_path: Path) -> Iterator[Path]:
    """Where agents keep their state; the run directory is gone when the test ends."""
    need_sandbox()
    need_programs("curl", "setpriv")
    del host
    RUN_DIR.mkdir(mode=0o700)
    yield tmp_path
    shutil.rmtree(RUN_DIR)


def asked_by(group: str) -> int:
    """Ask an agent as nobody who is in a group; how that ended."""
    member = ("setpriv", "--reuid=nobody", "--regid=nogroup", f"--groups={grp.getgrnam(group).gr_gid}")
    ask = (
        "curl",
        "--silent",
        "--fail",
        "--unix-socket",
        str(control_socket(RUN_DIR)),
        "http://x/v1/interfaces",
    )
    return subprocess.run([*member, *ask], capture_output=True, check=False).returncode


def test_root_alone(directory: Path) -> None:
    """Without a group, nobody but root."""
    agent = Reachable(directory).start()
    asked = [asked_by(each) for each in (MEMBERS, OTHERS)]
    answered = agent.run("list").returncode
    agent.stop()

    assert [CANNOT_CONNECT, CANNOT_CONNECT] == asked
    assert 0 == answered


def test_group(directory: Path) -> None:
    """With one its members may, and others may not; root may as before."""
    agent = Reachable(directory, "--group", MEMBERS).start()
    asked = [asked_by(each) for each in (MEMBERS, OTHERS)]
    answered = agent.run("list").returncode
    agent.stop()

    assert [0, CANNOT_CONNECT] == asked
    assert 0 == answered


def test_unknown_group(directory: Path) -> None:
    """With one that does not exist the agent does not start, and says why."""
    refused = Reachable(directory, "--group", "no-such-group").refused_start()

    assert 1 == refused.returncode
    assert "group: there is no group 'no-such-group'" in refused.stderr
