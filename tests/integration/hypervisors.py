"""Hosts beside this one: each with a network, mounts, a name, an agent and a libvirt of its own."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from eve_meta.contact import RUN_DIR
from tests.agents import EVE_META, Agent
from tests.hosts import ip, run
from tests.integration.libvirt import Libvirt, states

ADDRESSES = ("10.0.0.1", "10.0.0.2")
EMPTY = ["br0", "lo", "up0"]
"""What a host that is joined to another has when it has no VM."""

# It ends with what started it: then there is nothing more to read.
_BOOT = """
hostname "$1"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock /run/netns
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
echo up
exec cat
"""


@frozen
class Hypervisor:
    """A host.

    Attributes:
        pid: of a process that has its network, its mounts and its name.
        agent: the one that its hooks find.
    """

    pid: int
    agent: Agent
    libvirt: Libvirt

    @property
    def uri(self) -> str:
        """Where its libvirt is found from another host of this machine."""
        return f"qemu+unix:///system?socket=/proc/{self.pid}/root/run/libvirt/libvirt-sock"

    def run(self, *command: str) -> str:
        """What a program prints that runs there; it must succeed."""
        return run(*_entering(self.pid), *command)

    def objects(self) -> list[str]:
        """The names of the links, namespaces and nftables tables that are there."""
        links = [each["ifname"] for each in json.loads(self.run("ip", "-json", "link"))]
        others = (self.run("ls", "/run/netns"), self.run("nft", "list", "tables"))
        return sorted([*links, *"".join(others).splitlines()])

    def attached(self) -> dict[str, str]:
        """The states of the interfaces that are attached."""
        return states(json.loads(self.agent.run("list", "--json").stdout))


@contextmanager
def hypervisor(name: str, directory: Path) -> Iterator[Hypervisor]:
    """A host of this name, with a bridge; all of it is gone when the `with` block ends.

    Args:
        name: which no other has: libvirt migrates nothing to the host that it is on.
        directory: an empty one, for what its agent and its libvirt store.
    """
    command = ("unshare", "--net", "--mount", "--uts", "sh", "-ec", _BOOT, "sh", name)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        where = _entering(process.pid)
        made = Hypervisor(process.pid, Agent(directory), Libvirt(directory / "libvirt", where))
        made.run("ln", "-s", str(made.agent.run_dir), str(RUN_DIR))
        made.libvirt.install(limit_seconds=10)
        try:
            made.agent.start((*where, *EVE_META))
            made.libvirt.start()
            yield made
        finally:
            made.libvirt.stop()
            made.agent.stop()


def connect(one: Hypervisor, other: Hypervisor) -> None:
    """Join the bridges of two hosts by a wire, and give each of `ADDRESSES` to one."""
    peer = ("type", "veth", "peer", "name", "up0", "netns", str(other.pid))
    ip("link", "add", "up0", "netns", str(one.pid), *peer)
    for each, address in zip((one, other), ADDRESSES, strict=True):
        each.run("ip", "link", "set", "up0", "master", "br0", "up")
        each.run("ip", "addr", "add", f"{address}/24", "dev", "br0")


def _entering(pid: int) -> tuple[str, ...]:
    return ("nsenter", f"--target={pid}", "--net", "--mount", "--uts", "--")
