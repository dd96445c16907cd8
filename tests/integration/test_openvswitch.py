"""A VM's port on an Open vSwitch bridge instead of a bridge of the kernel's."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, Host, run
from tests.support import need_programs

OVS_SECONDS = 20


@pytest.fixture
def switch(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bridge in the userspace datapath, which needs no module of the kernel."""
    del host
    need_programs("ovs-vswitchd", "ovsdb-server", "ovs-vsctl", "ovsdb-tool")
    for variable in ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    database, remote = tmp_path / "conf.db", f"unix:{tmp_path}/db.sock"
    run("ovsdb-tool", "create", str(database), "/usr/share/openvswitch/vswitch.ovsschema")
    with (
        (tmp_path / "ovs.log").open("wb") as log,
        running(log, "ovsdb-server", str(database), f"--remote=p{remote}"),
        running(log, "ovs-vswitchd", remote),
    ):
        vsctl("--no-wait", "init")
        vsctl("add-br", "ovs0", "--", "set", "bridge", "ovs0", "datapath_type=netdev")
        yield "ovs0"
        vsctl("del-br", "ovs0")


@contextmanager
def running(log: IO[bytes], *command: str) -> Iterator[None]:
    """A program that runs until it is no longer needed."""
    with subprocess.Popen(command, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


def vsctl(*arguments: str) -> str:
    """What `ovs-vsctl` prints, which waits until the switch has done it."""
    return run("ovs-vsctl", f"--timeout={OVS_SECONDS}", "--retry", *arguments)


@pytest.mark.parametrize("address", [IPV4, LINK_LOCAL])
def test_ports(host: Host, agent: Agent, switch: str, address: str) -> None:
    """Two guests with the same address on an Open vSwitch bridge each read their own metadata."""
    red, green = host.guest("red", "tap0"), host.guest("green", "tap1")
    for guest, document in ((red, RED), (green, GREEN)):
        vsctl("add-port", switch, guest.tap)
        agent.attach(guest.tap, document)
    assert ["red", "green"] == [guest.read(HOSTNAME, address) for guest in (red, green)]
