"""The hook in the life of a VM of a real libvirt, whose directories are empty ones of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eve_meta.contact import RUN_DIR
from tests.agents import Agent
from tests.docs.examples import blocks
from tests.docs.pages import ROOT, read
from tests.hosts import Host, run
from tests.integration.libvirt import Libvirt, states
from tests.support import need_programs, soon

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


def documents(agent: Agent) -> list[Any]:
    """What the agent stores."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in agent.state_dir.rglob("*.json")]


def attached_now(agent: Agent) -> dict[str, str]:
    return states(json.loads(agent.run("list", "--json").stdout))


def test_start_and_destroy(libvirt: Libvirt, agent: Agent) -> None:
    """Both interfaces are open before QEMU is started, and nothing is left when it is gone."""
    run("virsh", "start", "web")
    prepare, start, started = libvirt.testimony()
    assert ("prepare", False, {}) == (prepare["at"], prepare["qemu"], states(prepare["list"]))
    assert ("start", False) == (start["at"], start["qemu"])
    assert ["open", "open"] == list(states(start["list"]).values())
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
    assert {"open"} == {*states(seen[2]["list"]).values()}


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


@pytest.mark.parametrize("page", ["README.md", "docs/hooks.md"])
def test_documented(libvirt: Libvirt, agent: Agent, page: str) -> None:
    """What a page shows puts a document into a domain, and its guest is told what it says."""
    del libvirt
    here = f"{Path(__file__).relative_to(ROOT)}::{test_documented.__name__}"
    path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
    shown = [each.text for each in blocks(read(ROOT / page)) if here in each.places]
    assert shown
    for each in shown:
        run("env", path, "bash", "-ec", each)
    if "running" not in run("virsh", "domstate", "web"):
        run("virsh", "start", "web")

    assert {"open"} == {*attached_now(agent).values()}
    assert "user_data" not in DOMAIN
    assert "user_data" in json.dumps(documents(agent))
