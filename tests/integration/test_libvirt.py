"""The hook in the life of a VM of a real libvirt, whose directories are empty ones of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from eve_meta.contact import RUN_DIR
from tests.agents import Agent
from tests.hosts import Host, run
from tests.support import need_programs, soon

ROOT = Path(__file__).parents[2]
UUID = "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"
DOMAIN = f"""
<domain type='qemu'>
  <name>web</name>
  <uuid>{UUID}</uuid>
  <metadata>
    <eve:document xmlns:eve='urn:eve-meta:document:1'>hostname: web.example.org</eve:document>
  </metadata>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>
    <interface type='ethernet'><mac address='52:54:00:00:00:02'/><target dev='tapx'/></interface>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""

# What needs a host that is its own: cgroups, users, security modules, a log daemon.
CONFIGURATION = """
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
START = """
for each in /etc /var/lib /var/log /var/cache; do
    mkdir -p "$1$each"
    mount --bind "$1$each" "$each/libvirt"
done
exec libvirtd
"""

# Comes after ours by its name, and tells what is attached and whether QEMU runs then.
WITNESS = """\
#!/bin/sh
[ -e /run/libvirt/qemu/web.pid ] && qemu=true || qemu=false
list=$(timeout 1 eve-meta list --json) || list=null
echo {{\\"at\\": \\"$2\\", \\"qemu\\": $qemu, \\"list\\": $list}}, >>{testimony}
"""


@define
class Libvirt:
    """A daemon, and what its hooks say."""

    directory: Path
    _daemon: "subprocess.Popen[bytes] | None" = field(init=False, default=None)

    @property
    def log(self) -> str:
        """What the hooks have told the system's log."""
        return (self.directory / "log").read_text(encoding="utf-8")

    def install(self, limit_seconds: int) -> None:
        """Put the hook in place with another limit, a witness behind it, and a log to read."""
        hooks = self.directory / "etc" / "hooks" / "qemu.d"
        hooks.mkdir(parents=True)
        (hooks.parents[1] / "qemu.conf").write_text(CONFIGURATION, encoding="ascii")
        script = (ROOT / "scripts" / "hooks" / "libvirt").read_text(encoding="utf-8")
        assert " -k 1 10 " in script
        write_program(hooks / "eve-meta", script.replace(" -k 1 10 ", f" -k 1 {limit_seconds} "))
        write_program(hooks / "witness", WITNESS.format(testimony=self.directory / "testimony"))
        logger = f"{shutil.which('logger')} --no-act --socket-errors=off -s"
        write_program(self.directory / "logger", f'#!/bin/sh\nexec {logger} "$@" 2>>{self.directory}/log\n')

    def start(self) -> None:
        """Start the daemon, and return when it can be asked."""
        path = f"{self.directory}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        with (self.directory / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                ["unshare", "--mount", "--", "sh", "-ec", START, "sh", str(self.directory)],
                env={**os.environ, "PATH": path},
                stdout=log,
                stderr=log,
            )
        assert soon(
            lambda: subprocess.run(["virsh", "uri"], capture_output=True, check=False).returncode == 0
        )

    def stop(self) -> None:
        """End the daemon; its VMs go on."""
        if self._daemon:
            self._daemon.terminate()
            self._daemon.wait()
            self._daemon = None

    def forget(self) -> None:
        """What was said before is no matter of this test."""
        (self.directory / "log").write_text("", encoding="utf-8")
        (self.directory / "testimony").unlink(missing_ok=True)

    def testimony(self) -> list[dict[str, Any]]:
        """What the witness has seen, in the order of time; it is heard once."""
        path = self.directory / "testimony"
        seen: list[dict[str, Any]] = json.loads(f"[{path.read_text(encoding='utf-8').strip().rstrip(',')}]")
        path.unlink()
        return seen


@pytest.fixture(scope="module")
def shared_libvirt(shared_agent: Agent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Libvirt]:
    """The libvirt of the whole file; its hooks find the agent where it is expected."""
    need_programs("libvirtd", "virsh", "qemu-system-x86_64")
    RUN_DIR.symlink_to(shared_agent.run_dir)
    made = Libvirt(tmp_path_factory.mktemp("libvirt"))
    made.install(limit_seconds=1)
    made.start()
    yield made
    made.stop()
    RUN_DIR.unlink()


@pytest.fixture
def libvirt(host: Host, agent: Agent, shared_libvirt: Libvirt) -> Iterator[Libvirt]:
    """A libvirt with a domain that is not started, and an agent."""
    del agent
    host.bridge()
    shared_libvirt.forget()
    run("virsh", "define", "/dev/stdin", given=DOMAIN)
    yield shared_libvirt
    subprocess.run(["virsh", "destroy", "web"], capture_output=True, check=False)
    run("virsh", "undefine", "--managed-save", "web")


def write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def attached(listed: dict[str, Any]) -> dict[str, str]:
    """The states of the VM's interfaces that are attached."""
    return {each["interface"]: each["state"] for each in listed["interfaces"] if each["uuid"] == UUID}


def documents(agent: Agent) -> list[Any]:
    """What the agent stores."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in agent.state_dir.rglob("*.json")]


def attached_now(agent: Agent) -> dict[str, str]:
    return attached(json.loads(agent.run("list", "--json").stdout))


def test_start_and_destroy(libvirt: Libvirt, agent: Agent) -> None:
    """Both interfaces are open before QEMU is started, and nothing is left when it is gone."""
    run("virsh", "start", "web")
    prepare, start, started = libvirt.testimony()
    assert ("prepare", False, {}) == (prepare["at"], prepare["qemu"], attached(prepare["list"]))
    assert ("start", False) == (start["at"], start["qemu"])
    assert ["open", "open"] == list(attached(start["list"]).values())
    assert ("started", True, start["list"]) == (started["at"], started["qemu"], started["list"])
    assert "web.example.org" in json.dumps(documents(agent))
    assert "the SMBIOS product is not set" in libvirt.log

    run("virsh", "destroy", "web")
    assert {} == attached_now(agent)
    assert ["stopped", "release"] == [each["at"] for each in libvirt.testimony()]
    assert f"web ({UUID}): tapx: detached" in libvirt.log


def test_save_and_restore(libvirt: Libvirt, agent: Agent) -> None:
    """A VM that is saved is detached, and attached again before it goes on."""
    run("virsh", "start", "web")
    run("virsh", "managedsave", "web")
    assert {} == attached_now(agent)
    libvirt.testimony()

    run("virsh", "start", "web")
    seen = libvirt.testimony()
    assert ["restore", "prepare", "start", "started"] == [each["at"] for each in seen]
    assert {"open"} == {*attached(seen[2]["list"]).values()}


def test_restarted_libvirt(libvirt: Libvirt, agent: Agent) -> None:
    """What is not attached of a running VM is, when libvirt starts again."""
    run("virsh", "start", "web")
    before = attached_now(agent)
    libvirt.stop()
    agent.detach("tapx")
    libvirt.start()
    assert soon(lambda: before == attached_now(agent))


def test_agent_is_down(libvirt: Libvirt, agent: Agent) -> None:
    """The VM starts without us; and the log says why."""
    agent.stop()
    run("virsh", "start", "web")
    assert "running" in run("virsh", "domstate", "web")
    assert f"web ({UUID}): the agent is not running" in libvirt.log


def test_agent_hangs(libvirt: Libvirt, agent: Agent) -> None:
    """A hook that comes to no end is ended; the VM starts, and the log says so."""
    os.kill(agent.pid, signal.SIGSTOP)
    try:
        run("virsh", "start", "web")
        assert "running" in run("virsh", "domstate", "web")
        assert "timeout: sending signal TERM to command" in libvirt.log
    finally:
        os.kill(agent.pid, signal.SIGCONT)
