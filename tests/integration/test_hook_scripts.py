"""The scripts of scripts/hooks as QEMU, Xen and others run them; libvirt's is in test_libvirt.py."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen

from tests.agents import Agent
from tests.hosts import HOSTNAME, Host
from tests.support import need_programs, soon

SCRIPTS = Path(__file__).parents[2] / "scripts" / "hooks"
UUID = "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"
QEMU_SECONDS = 20


@frozen
class Hooks:
    """The scripts, which find an `eve-meta` that knows an agent and a directory of documents."""

    directory: Path

    def write_program(self, name: str, text: str) -> None:
        """Let the scripts find a program."""
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """As it is given to the scripts."""
        return {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}", **(more or {})}

    def run(
        self, script: str | Path, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, whatever comes of it."""
        return subprocess.run(
            [SCRIPTS / script, *arguments],
            env=self.environment(environment),
            capture_output=True,
            text=True,
            check=False,
        )

    def log(self) -> str:
        """What was told to the system's log."""
        return (self.directory / "log").read_text(encoding="utf-8")


@pytest.fixture
def hooks(agent: Agent, tmp_path: Path) -> Hooks:
    """With a document, and a log that can be read."""
    made = Hooks(tmp_path)
    options = f"--documents {tmp_path} --run-dir {agent.run_dir}"
    made.write_program("eve-meta", f'shift\nexec {sys.executable} -m eve_meta hook {options} "$@"')
    logger = f"{shutil.which('logger')} --no-act --socket-errors=off -s"
    made.write_program("logger", f'exec {logger} "$@" 2>>{tmp_path}/log')
    (tmp_path / f"{UUID}.yaml").write_text("hostname: web\n", encoding="utf-8")
    return made


def test_plain(host: Host, agent: Agent, hooks: Hooks) -> None:
    guest = host.guest("red", "tap0", bridge=host.bridge())

    assert 0 == hooks.run("plain", "start", UUID, "tap0").returncode
    assert "web" == guest.read(HOSTNAME)
    assert 0 == hooks.run("plain", "stop", UUID).returncode
    assert 1 == agent.run("show", "tap0").returncode
    assert f"eve-meta: {UUID}: tap0: detached" in hooks.log()


@pytest.mark.parametrize("script", ["plain", "libvirt", "qemu-ifdown"])
def test_not_installed(hooks: Hooks, script: str) -> None:
    """Without eve-meta, too, the VM starts, and the log says why it has no metadata."""
    hooks.write_program("eve-meta", "exec no-such-program")

    done = hooks.run(script, "start", "start", "begin", "-")

    assert (0, "") == (done.returncode, done.stdout)
    assert "no-such-program: not found" in hooks.log()


def test_no_log(host: Host, agent: Agent, hooks: Hooks) -> None:
    """A log that takes nothing is in no hook's way."""
    host.guest("red", "tap0", bridge=host.bridge())
    hooks.write_program("logger", "exit 1")

    assert 0 == hooks.run("plain", "start", UUID, "tap0").returncode
    assert "open" == agent.show("tap0")["state"]


def test_qemu(host: Host, agent: Agent, hooks: Hooks) -> None:
    """A tap is attached before the vCPUs run, and detached when QEMU quits."""
    need_programs("qemu-system-x86_64")
    host.bridge()
    with qemu(hooks) as monitor:
        assert ("open", UUID) == (agent.show("tap0")["state"], agent.show("tap0")["uuid"])
        assert "prelaunch" == monitor.ask("query-status")["status"]
        assert f"web ({UUID}): cloud-init will not look for metadata" in hooks.log()
        monitor.ask("quit")
    assert 1 == agent.run("show", "tap0").returncode


def test_xen(host: Host, agent: Agent, hooks: Hooks, tmp_path: Path) -> None:
    """Xen's own script goes first when a port comes, and last when it goes."""
    host.guest("red", "vif7.0", bridge=host.bridge())
    shutil.copy(SCRIPTS / "xen-vif", tmp_path / "vif-eve-meta")
    shown = f"{sys.executable} -m eve_meta show --run-dir {agent.run_dir} vif7.0"
    hooks.write_program(
        "vif-bridge", f"echo $1; {shown} >/dev/null 2>&1 && echo attached; exit ${{RESULT-0}}"
    )
    hooks.write_program("xenstore-read", f"case $1 in /local/domain/7/vm) echo /vm/{UUID};; *) exit 1;; esac")
    port = {"vif": "vif7.0", "XENBUS_PATH": "/local/domain/0/backend/vif/7/0"}

    def xen(change: str, **more: str) -> tuple[int, str]:
        done = hooks.run(tmp_path / "vif-eve-meta", change, "type_if=vif", **port, **more)
        return done.returncode, done.stdout

    assert (3, "online\n") == xen("online", RESULT="3")
    assert 1 == agent.run("show", "vif7.0").returncode
    assert (0, "online\n") == xen("online")
    assert "open" == agent.show("vif7.0")["state"]
    assert (0, "offline\n") == xen("offline")
    assert 1 == agent.run("show", "vif7.0").returncode


@contextmanager
def qemu(hooks: Hooks) -> Iterator["Monitor"]:
    """The monitor of a QEMU with a tap; it ends by itself."""
    path = hooks.directory / "monitor"
    scripts = f"script={SCRIPTS}/qemu-ifup,downscript={SCRIPTS}/qemu-ifdown"
    options = f"-machine pc,accel=tcg -m 32 -S -display none -uuid {UUID} -name web"
    monitor = f"-qmp unix:{path},server=on,wait=off"
    network = f"-netdev tap,id=n0,ifname=tap0,{scripts} -device virtio-net,netdev=n0"
    command = ["qemu-system-x86_64", *f"{options} {monitor} {network}".split()]
    with (
        subprocess.Popen(command, env=hooks.environment(), stderr=subprocess.DEVNULL) as process,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        try:
            assert soon(lambda: connection.connect_ex(str(path)) == 0, QEMU_SECONDS)
            yield Monitor(connection)
            assert 0 == process.wait(QEMU_SECONDS)
        finally:
            process.kill()


class Monitor:
    """QEMU's own, of a machine whose vCPUs do not run."""

    def __init__(self, connection: socket.socket) -> None:
        self._lines = connection.makefile("rw", encoding="utf-8")
        self._lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command: str) -> dict[str, str]:
        """What is answered to a command."""
        self._lines.write(json.dumps({"execute": command}) + "\n")
        self._lines.flush()
        while "return" not in (answer := json.loads(self._lines.readline())):
            pass
        returned: dict[str, str] = answer["return"]
        return returned
