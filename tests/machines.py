"""A throw-away machine: a systemd of its own as process 1, on a copy of this machine's files, in our network.

Note [What it is made of]
    Namespaces for processes, mounts, IPC and the host's name, a cgroup, and an overlay that takes all that is
    written. The network is that of the test, so that guests are made and asked as in any other. Only what a
    test starts is started: no unit that the distribution enables, and no generator, for these would set up
    the real machine.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Never

import pytest
from attrs import frozen

from tests.support import need_programs, soon

ROOT = Path(__file__).parents[1]
PIP_SETTINGS = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(ROOT / ".venv" / "wheels")}
"""For pip where there is no network: `scripts/prepare` has put there what it needs."""


BOOT_SECONDS = 30
COMMAND_SECONDS = 120

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {"PATH": _PATH, "LANG": "C.UTF-8", **PIP_SETTINGS}
_CGROUPS = Path("/sys/fs/cgroup")

_NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--cgroup")
_ENTER = """
echo $$ >"$cgroup/cgroup.procs"
exec "$@"
"""

# Mounts are shared, as systemd has them on a host: it cannot tell that this is none.
_BOOT = """
mount -t tmpfs tmpfs "$work"
cd "$work"
mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
cd root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for each in null zero full random urandom tty; do
    touch dev/$each
    mount --bind /dev/$each dev/$each
done
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p ".$source" old
mount --bind "$source" ".$source"
rm -rf lib/systemd/system-generators lib/systemd/system/*.wants etc/systemd/system/*
cat >etc/systemd/system/test.target <<END
[Unit]
Requires=systemd-journald.service
After=systemd-journald.service
END
pivot_root . old
umount -l old
mount --make-rshared /
exec env -i container=test PATH="$PATH" /lib/systemd/systemd --unit=test.target --log-target=journal
"""


@frozen
class Machine:
    """A machine that runs, known by its process 1."""

    init: int

    def run(self, *command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command there, whatever comes of it."""
        return subprocess.run(
            ["nsenter", "--all", "--target", str(self.init), *command],
            env=_ENVIRONMENT,
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def do(self, *command: str, given: str | None = None) -> str:
        """Run a command there, which must succeed; what it says."""
        done = self.run(*command, given=given)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def property(self, unit: str, name: str) -> str:
        """What systemd says of a unit."""
        return self.do("systemctl", "show", "--value", "--property", name, unit).strip()


@contextmanager
def booted() -> Iterator[Machine]:
    """A machine that has booted; all of it is gone when the `with` block ends."""
    need_programs("systemctl", "unshare", "nsenter")
    with _cgroup() as cgroup, tempfile.TemporaryDirectory() as work:
        unshare = subprocess.Popen(
            [
                "sh",
                "-euc",
                _ENTER,
                "sh",
                "unshare",
                *_NAMESPACES,
                "--fork",
                "--kill-child",
                "sh",
                "-euc",
                _BOOT,
            ],
            env={"PATH": _PATH, "cgroup": str(cgroup), "work": work, "source": str(ROOT)},
            stdin=subprocess.DEVNULL,
        )
        try:
            machine = soon(lambda: _machine(unshare.pid), BOOT_SECONDS)
            if machine is None or not soon(lambda: _is_up(machine), BOOT_SECONDS):
                _cannot_boot("it does not come up")
            yield machine
        finally:
            unshare.kill()
            unshare.wait()


def _machine(parent: int) -> Machine | None:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    return Machine(int(children[0])) if children else None


def _is_up(machine: Machine) -> bool:
    return machine.run("systemctl", "is-active", "test.target").returncode == 0


@contextmanager
def _cgroup() -> Iterator[Path]:
    """A cgroup of our own, below ours; gone afterwards with all that was made in it."""
    lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    ours = next(line.removeprefix("0::/") for line in lines if line.startswith("0::/"))
    mount = _CGROUPS if (_CGROUPS / "cgroup.procs").exists() else _CGROUPS / "unified"
    made = mount / ours / f"eve-meta-test-{os.getpid()}"
    try:
        made.mkdir()
    except OSError as error:
        _cannot_boot(f"no cgroup can be made: {error}")
    try:
        yield made
    finally:
        assert soon(lambda: _removed(made)), f"{made} is still there"


def _cannot_boot(reason: str) -> Never:
    """Skip, in CI too: what this machine's kernel or container allows cannot be installed."""
    pytest.skip(f"no systemd can be booted here: {reason}")


def _removed(cgroup: Path) -> bool:
    """Remove a cgroup and those below it, unless a process still ends there."""
    try:
        for directory, _, _ in os.walk(cgroup, topdown=False):
            Path(directory).rmdir()
    except OSError:
        return False
    return True
