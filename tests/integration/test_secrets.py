"""What an operator gives for a guest's eyes alone, and what a guest sets, is found nowhere else."""

import json
import os
import signal
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agents import RED, Agent, children
from tests.hosts import HOSTNAME, Guest, Host, run
from tests.support import soon

MARK = "unmistakable7f3a"
KEY = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBobtu8bH6TBSGbQW2YFZ5ZbGsYdNyPL0/4lQWEbzBfT {MARK}"
SECRETS: dict[str, object] = {
    "user_data": f"#cloud-config\n# {MARK}\n",
    "vendor_data": {"cloud-init": MARK},
    "public_keys": {"alice": KEY},
    "meta": {"token": MARK},
    "files": [{"path": "/etc/secret", "content": MARK}],
}
UNSERVABLE: tuple[Mapping[str, object], ...] = (
    {"user_data": [MARK]},
    {"user_data": {"base64": f"{MARK}!"}},
    {"user_data": {"file": "/nowhere"}},
    {"vendor_data": MARK},
    {"public_keys": [KEY]},
    {"public_keys": {"alice": f"{KEY}\n{KEY}"}},
    {"public_keys": {"alice": {MARK: MARK}}},
    {"meta": {"token": [MARK]}},
    {"files": [{"path": "etc", "content": MARK}]},
    {"files": [{"path": "/etc/secret", "base64": f"{MARK}!"}]},
)
UNREADABLE = (
    f'{{"uuid": "{RED["uuid"]}", "user_data": "{MARK}',
    f"user_data: {MARK}: {MARK}\n",
    f"user_data: |\n {MARK}\n\tuuid: {MARK}\n",
    f"user_data: !!python/object {MARK}\n",
    f"user_data: &{MARK} [*{MARK}, *no{MARK}]\n",
)
PASSWORD_PATH = "/openstack/latest/password"
PASSWORD = f"{MARK}password"
TTL = {"X-aws-ec2-metadata-token-ttl-seconds": "600"}
TOKEN = "X-aws-ec2-metadata-token"


class Watched:
    """An agent, and all that could be seen of it by those who may not know."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.seen: list[str] = []
        self.secrets = {MARK}

    def run(self, verb: str, *arguments: str, given: str | None = None) -> None:
        """Run a command of which nothing printed may be a secret."""
        done = self.agent.run(verb, *arguments, given=given)
        self.seen.append(done.stdout + done.stderr)
        self.look_at_processes()

    def look_at_processes(self) -> None:
        """Remember what everybody on the host can read of our processes, and root."""
        forking = children(self.agent.pid)
        for pid in (self.agent.pid, *forking, *(each for parent in forking for each in children(parent))):
            for name in ("cmdline", "environ"):
                self.seen.append(Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace"))

    def token(self, guest: Guest) -> str:
        """A session token of a guest's, which is a secret too."""
        token = guest.ask("/latest/api/token", method="PUT", headers=TTL).body.decode()
        self.secrets.add(token)
        return token

    def found(self) -> list[str]:
        """Where a secret is that should not be."""
        self.seen.append(self.agent.log.read_text(encoding="utf-8"))
        for path in self._readable():
            self.seen.append(f"{path}\n{path.read_bytes().decode(errors='replace')}")
        return [each for each in self.seen if any(secret in each for secret in self.secrets)]

    def _readable(self) -> Iterator[Path]:
        """Files that others than root may read, and whatever is in the run directory."""
        for path in (*self.agent.state_dir.rglob("*"), *self.agent.run_dir.rglob("*")):
            if path.is_file() and (path.is_relative_to(self.agent.run_dir) or path.stat().st_mode & 0o077):
                yield path


@pytest.fixture
def watched(host: Host, agent: Agent) -> Watched:
    """An agent that nothing has been asked of yet."""
    del host
    return Watched(agent)


@pytest.fixture
def red(host: Host, watched: Watched) -> Guest:
    """A guest for which there are secrets, which it reads."""
    guest = host.guest("red", "tap0")
    watched.run("attach", "tap0", "-", given=json.dumps({**RED, **SECRETS}))
    assert MARK in guest.read("/openstack/latest/user_data")
    return guest


@contextmanager
def no_disk(directory: Path) -> Iterator[None]:
    """A directory that nothing can be written to."""
    run("mount", "--bind", str(directory), str(directory))
    run("mount", "-o", "remount,ro,bind", str(directory))
    try:
        yield
    finally:
        run("umount", str(directory))


def test_found(watched: Watched, red: Guest) -> None:
    """A secret that were printed would be found: one that is, as it should be, is."""
    assert 200 == red.post(PASSWORD_PATH, PASSWORD)
    watched.run("password", "tap0")

    assert [f"{PASSWORD}\n"] == [each.strip("\0") for each in watched.found()]


def test_served(watched: Watched, red: Guest) -> None:
    """Guests ask, well and badly, and set a password; the agent is asked about them."""
    token = watched.token(red)
    for shown in (token, token[:-1], f"{MARK}{token}"):
        red.ask(HOSTNAME, headers={TOKEN: shown})
    assert [200, 409] == [red.post(PASSWORD_PATH, PASSWORD) for _ in range(2)]
    assert 405 == red.ask("/openstack/latest/user_data", method="DELETE", headers={TOKEN: token}).status
    for verb in (("list",), ("list", "--json"), ("show", "tap0"), ("show", "tap0", "--json")):
        watched.run(*verb)
    watched.run("password", "tap0", "--clear")
    watched.run("detach", "tap0")

    assert [] == watched.found()


@pytest.mark.usefixtures("red")
def test_refused(watched: Watched) -> None:
    """Documents that cannot be served, or read, or are for nobody, are refused without a quotation."""
    for changed in UNSERVABLE:
        watched.run("attach", "tap0", "-", given=json.dumps({**RED, **SECRETS, **changed}))
    for text in UNREADABLE:
        watched.run("attach", "tap0", "-", given=text)
    watched.run("attach", "tap9", "-", given=json.dumps({**RED, **SECRETS}))

    assert [] == watched.found()


def test_faults(watched: Watched, red: Guest) -> None:
    """The disk takes nothing, a server dies, the agent dies; all is served again, and nothing told."""
    with no_disk(watched.agent.state_dir / "vms"):
        watched.run("attach", "tap0", "-", given=json.dumps({**RED, **SECRETS, "hostname": "pink"}))
        assert 503 == red.post(PASSWORD_PATH, PASSWORD)
    assert 200 == red.post(PASSWORD_PATH, PASSWORD)
    before = watched.agent.show("tap0")["server_pid"]
    os.kill(before, signal.SIGSEGV)
    assert soon(lambda: watched.agent.show("tap0")["server_pid"] not in {before, None})
    for number in (signal.SIGKILL, signal.SIGTERM):
        watched.agent.stop(number)
        watched.agent.start()
        assert MARK in red.read("/openstack/latest/user_data")
        watched.look_at_processes()

    assert [] == watched.found()


def test_damaged(watched: Watched, red: Guest) -> None:
    """A document on disk that somebody has damaged is told of, not quoted."""
    del red
    watched.agent.stop()
    [path] = (watched.agent.state_dir / "vms").glob("*.json")
    path.write_bytes(path.read_bytes()[:-20])
    watched.agent.start()
    watched.run("list")

    assert [] == watched.found()
    assert MARK in "".join(each.read_text() for each in path.parent.iterdir())


@pytest.mark.usefixtures("red")
def test_modes(watched: Watched) -> None:
    """What is kept is root's alone."""
    documents = watched.agent.state_dir / "vms"
    directories, files = [watched.agent.state_dir, documents], list(documents.iterdir())
    kept = [*directories, *files]

    assert files
    assert {0o700} == {stat.S_IMODE(each.stat().st_mode) for each in directories}
    assert {0o600} == {stat.S_IMODE(each.stat().st_mode) for each in files}
    assert {(0, 0)} == {(each.stat().st_uid, each.stat().st_gid) for each in kept}
