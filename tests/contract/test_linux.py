"""The kernel keeps the contract."""

import select
import socket
from collections.abc import Iterator

import pytest
from attrs import define

from netns import Changes, Knocks, Neighbour, filters, iptables, link_of, namespace_of, namespaces
from netns.linux import LinuxNetwork
from netns.namespaces import DIRECTORY
from netns.watch import KernelWatch
from tests.contract.network import NetworkContract
from tests.contract.world import OTHER, TAP, clean, read, wire, wire_as_seen
from tests.hosts import ip, run
from tests.support import need_sandbox, soon

pytestmark = pytest.mark.integration

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@define
class LinuxWorld:
    """The throw-away host that the tests run in; a VM's port is a tap."""

    network: LinuxNetwork

    def add_port(self, name: str, mtu: int = 1500) -> None:
        ip("tuntap", "add", name, "mode", "tap")
        ip("link", "set", name, "mtu", str(mtu), "up")

    def add_bridge(self, name: str) -> None:
        ip("link", "add", name, "type", "bridge")

    def remove_port(self, name: str) -> None:
        ip("link", "del", name)

    def set_mtu(self, name: str, mtu: int) -> None:
        ip("link", "set", name, "mtu", str(mtu))

    def rename_port(self, name: str, new: str) -> None:
        ip("link", "set", name, "name", new)

    def lose_address(self, interface: str) -> None:
        self.inside(interface, "ip", "addr", "del", "fd00:ec2::254/128", "dev", "eth0")

    def lose_rules(self, interface: str) -> None:
        self.inside(interface, "iptables", "-t", "nat", "-F", "PREROUTING")

    def lose_sysctl(self, interface: str) -> None:
        self.inside(interface, "sysctl", "-w", "net.ipv4.conf.all.arp_ignore=8")

    def sever(self, interface: str) -> None:
        self.inside(interface, "ip", "link", "set", "eth0", "name", "eth1")

    def inside(self, interface: str, *command: str) -> None:
        """Run a program in a namespace."""
        ip("netns", "exec", namespace_of(interface), *command)

    def hear(self, interface: str, neighbour: Neighbour) -> None:
        entry = (str(neighbour.address), "lladdr", neighbour.mac, "dev", "eth0", "nud", "stale")
        self.inside(interface, "ip", "neigh", "add", *entry)

    def lower_link(self, interface: str) -> None:
        ip("link", "set", link_of(interface), "down")

    def lose_namespace(self, interface: str) -> None:
        ip("netns", "del", namespace_of(interface))

    def break_namespace(self, interface: str) -> None:
        DIRECTORY.mkdir(exist_ok=True)
        (DIRECTORY / namespace_of(interface)).touch()

    def lose_steering(self, interface: str) -> None:
        run("nft", "delete", "table", "netdev", namespace_of(interface))

    def clear(self) -> None:
        """Leave the host as it was."""
        for interface in self.network.survey(()):
            clean(self.network, interface)
        assert soon(lambda: not self.network.survey(()))
        for line in ip("-brief", "link").splitlines():
            name = line.split()[0]
            if name != "lo":
                ip("link", "del", name)
        self.network.close()


class TestLinuxNetwork(NetworkContract):
    """`LinuxNetwork` is a network."""

    @pytest.fixture
    def world(self) -> Iterator[LinuxWorld]:
        """This host."""
        need_sandbox("nft")
        made = LinuxWorld(LinuxNetwork())
        yield made
        made.clear()


class TestLegacyIptables:
    """Where `iptables` is of the old kind, which announces nothing, the same is seen and put right."""

    @pytest.fixture
    def world(self) -> Iterator[LinuxWorld]:
        """This host, on which the programs are of the old kind."""
        need_sandbox("nft", "iptables-legacy", "ip6tables-legacy")
        new, old = (run("which", f"xtables-{kind}-multi").strip() for kind in ("nft", "legacy"))
        run("mount", "--bind", old, new)
        made = LinuxWorld(LinuxNetwork())
        try:
            yield made
            made.clear()
        finally:
            run("umount", new)

    def test_lost_rules(self, world: LinuxWorld) -> None:
        """A rule, or a policy, that is not as it was made is named by its table, and made good."""
        world.add_port(TAP)
        wire(world.network, TAP)
        assert () == world.network.inspect(TAP).faults
        world.lose_rules(TAP)
        world.inside(TAP, "ip6tables", "-P", "OUTPUT", "DROP")
        seen = world.network.inspect(TAP)
        assert ("the rules of ip nat", "the rules of ip6 filter") == seen.faults

        wire_as_seen(world.network, TAP, seen)

        assert () == world.network.inspect(TAP).faults


def test_others_are_not_heard() -> None:
    """Routes that come and go on the host, but for default ones, wake nobody: a router has a million."""
    need_sandbox()
    ip("link", "set", "lo", "up")
    watch = KernelWatch()
    try:
        for i in range(3):
            ip("route", "add", f"192.0.2.{i}/32", "dev", "lo")
            ip("route", "del", f"192.0.2.{i}/32", "dev", "lo")
        assert ([], [], []) == select.select([watch], [], [], 0.1)
        ip("route", "add", "default", "dev", "lo")
        ip("route", "del", "default", "dev", "lo")
        assert ([watch], [], []) == select.select([watch], [], [], 1)
        assert Changes(frozenset()) == watch.read()
    finally:
        watch.close()


def test_overrun() -> None:
    """Who reads too late is told that not all is told; a rename meanwhile is no longer one afterwards."""
    need_sandbox()
    world = LinuxWorld(LinuxNetwork())
    world.add_port(TAP)
    watch = world.network.watch()
    try:
        run("ip", "-batch", "-", given="".join(f"link set {TAP} mtu {1400 + n % 2}\n" for n in range(20_000)))
        world.rename_port(TAP, OTHER)
        assert not read(watch).is_complete
        world.set_mtu(OTHER, 1300)
        assert Changes(frozenset({OTHER})) == read(watch)
    finally:
        watch.close()
        world.clear()


def test_knocks() -> None:
    """Rules that let another number of guests knock are found, and put right under those that are in."""
    need_sandbox("nft")
    world, other = LinuxWorld(LinuxNetwork()), LinuxNetwork(Knocks(per_second=7, burst=9))
    world.add_port(TAP)
    try:
        wire(world.network, TAP)
        seen = other.inspect(TAP)
        assert ("the rules of ip filter INPUT", "the rules of ip6 filter INPUT") == seen.faults

        wire_as_seen(other, TAP, seen)

        assert () == other.inspect(TAP).faults
        listed = run("ip", "netns", "exec", namespace_of(TAP), "ip6tables", "-S", "INPUT")
        assert "--limit 7/sec --limit-burst 9" in listed
    finally:
        other.close()
        world.clear()


def test_copied_rules() -> None:
    """Once the programs have made the rules, others' are copies, which none of them tells from its own."""
    need_sandbox("nft")
    program = run("readlink", "-f", run("which", "iptables-restore").strip()).strip()
    world = LinuxWorld(LinuxNetwork())
    world.add_port(TAP)
    world.add_port(OTHER)
    try:
        wire(world.network, TAP)
        run("mount", "--bind", "/bin/false", program)
        try:
            wire(world.network, OTHER)
        finally:
            run("umount", program)
        assert saved(TAP) == saved(OTHER) == namespaces.scratch(saved_as_made)
        assert () == world.network.inspect(OTHER).faults
    finally:
        world.clear()


def saved(interface: str) -> list[str]:
    """The rules in a namespace, as the programs save them."""
    return namespaces.enter(namespace_of(interface), saved_here)


def saved_as_made() -> list[str]:
    """The rules as the programs make them."""
    with iptables.adding(Knocks()):
        pass
    return saved_here()


def saved_here() -> list[str]:
    """The rules in the namespace of the calling thread, without the time of day."""
    lines = (iptables.saved("ip") + iptables.saved("ip6")).splitlines()
    return [each for each in lines if not each.startswith("#")]


@pytest.mark.parametrize("name", ["per_second", "burst"])
@pytest.mark.parametrize("number", [0, 10_001])
def test_knocks_that_iptables_does_not_take(name: str, number: int) -> None:
    with pytest.raises(ValueError, match=name):
        Knocks(**{name: number})


def test_newcomers() -> None:
    """Who is connected to a socket stays so; who begins to connect is neither let in nor refused."""
    need_sandbox()
    for address in ("127.0.0.1", "::1"):
        with socket.create_server((address, 0), family=FAMILIES[address]) as listening:
            port = listening.getsockname()[1]
            with socket.create_connection((address, port)) as inside:
                filters.ignore_newcomers(listening)
                with pytest.raises(TimeoutError):
                    socket.create_connection((address, port), timeout=0.2)
                accepted, _ = listening.accept()
                with accepted:
                    inside.sendall(b"?")
                    assert accepted.recv(1) == b"?"
