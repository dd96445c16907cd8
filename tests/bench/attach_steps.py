"""Tells where the time of an attach goes: each step beside the kernel's own time for the same objects.

usage: scripts/sandbox .venv/bin/python -m tests.bench.attach_steps [COUNT]

The kernel's own time is that of the barest means: messages encoded before, on sockets that are open, and
plain system calls. Ours and the bare way take turns, each at COUNT interfaces of its own, 100 if not given.
Then a real agent attaches COUNT more: what the steps do not explain is its own, and the server that it tells.
"""

import os
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from attrs import define, field

from eve_meta.agent import durable
from eve_meta.cli.client import Client
from netns import (
    INetwork,
    Knocks,
    Steering,
    build,
    clear,
    connect,
    copies,
    iptables,
    link_of,
    links,
    namespace_of,
    namespaces,
    nftables,
    procfs,
    rtnetlink,
    sysctls,
)
from netns.linux import BACKLOG, LinuxNetwork
from netns.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, NLM_F_ACK, Message, Netlink
from netns.nf_tables import batch
from netns.wiring import SERVICE_PORT
from tests.agents import Agent
from tests.hosts import run

COUNT = 100
COMPARED = 100
"""How many of the first, and of the last, are compared."""

MTU = 1500
CLONE_NEWNET, MS_BIND = 0x40000000, 0x1000
DOCUMENT = "uuid: {uuid}\nname: {name}\nhostname: {name}.example.org\nuser_data: |\n  #cloud-config\n"
ROW = "{:<28} {:>8} {:>8} {:>8} {:>12}"
ALL = "all of it"
PARTS = ("  of it the sysctls", "  of it the rules", "  rules by two programs")


@define
class Times:
    """Milliseconds of each step, in the order in which they were taken."""

    taken: dict[str, list[float]] = field(factory=lambda: defaultdict(list))

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        """Take the time of what is done meanwhile."""
        began = time.perf_counter()
        yield
        self.taken[step].append((time.perf_counter() - began) * 1000)

    def median(self, step: str) -> str:
        """Of all; nothing where none was taken."""
        return f"{statistics.median(self.taken[step]):.2f}" if step in self.taken else ""

    def growth(self, step: str) -> str:
        """The median of the last against that of the first; nothing where there are too few."""
        times = self.taken[step]
        if len(times) < 2 * COMPARED:
            return ""
        return f"{statistics.median(times[-COMPARED:]) / statistics.median(times[:COMPARED]):.2f}"


def attach_ours(network: INetwork, interface: str, directory: Path, times: Times) -> socket.socket:
    """Wire an interface as the agent does, and keep its document."""
    with times.of(ALL):
        with times.of("see"):
            seen = network.see(interface)
        assert seen.port
        for step in build(interface, seen.port, seen):
            with times.of(type(step).__name__):
                network.apply(step)
        with times.of("listen"):
            listening = network.listen(interface)
        for step in connect(interface, seen):
            with times.of(type(step).__name__):
                network.apply(step)
        with times.of("document"):
            durable.write(directory / f"{interface}.json", DOCUMENT.encode())
    return listening


class Bare:
    """Makes the same objects by the barest means."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._route = Netlink(NETLINK_ROUTE)
        self._netfilter = Netlink(NETLINK_NETFILTER)
        self._rules = namespaces.scratch(rules_as_made)
        self._sysctls = namespaces.scratch(sysctls_to_write)

    def attach(self, interface: str, directory: Path) -> socket.socket:
        """Wire an interface, and keep its document."""
        with self._times.of("see"):
            for each in (interface, link_of(interface)):
                links.find(self._route, each)
        (namespaces.DIRECTORY / namespace_of(interface)).touch()
        listening = namespaces._on_own_thread(lambda: self._attach_inside(interface))
        batch_of_table = self._table(interface)
        with self._times.of("Steer"):
            send(self._netfilter, *batch_of_table)
        content = DOCUMENT.encode()
        with self._times.of("document"):
            write_plainly(directory / interface, content)
        return listening

    def _attach_inside(self, interface: str) -> socket.socket:
        """On a thread of its own, which ends in the namespace."""
        path = os.fsencode(namespaces.DIRECTORY / namespace_of(interface))
        with self._times.of("AddNamespace"):
            namespaces._call("unshare", CLONE_NEWNET)
            with self._times.of(PARTS[0]), procfs.opened("sys/net") as root:
                write_sysctls(root, self._sysctls)
            with Netlink(NETLINK_NETFILTER) as netfilter, self._times.of(PARTS[1]):
                send(netfilter, *self._rules)
            namespaces._call("mount", b"/proc/thread-self/ns/net", path, b"none", MS_BIND, None)
        with namespaces.opened(namespace_of(interface)) as descriptor:
            addition = encoded([links.addition(link_of(interface), MTU, descriptor)])
            with self._times.of("AddLink"):
                send(self._route, *addition)
        outer = encoded([rtnetlink.set_up(link_of(interface), rtnetlink.mtu(MTU))])
        with Netlink(NETLINK_ROUTE) as route:
            inner = encoded(links.furnishing(route, MTU))
            with self._times.of("Furnish"):
                send(self._route, *outer)
                send(route, *inner)
        with self._times.of("listen"):
            return socket.create_server(
                ("", SERVICE_PORT), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True
            )

    def _table(self, interface: str) -> tuple[bytes, int]:
        steering = Steering(socket.if_nametoindex(interface), socket.if_nametoindex(link_of(interface)))
        return encoded(nftables.addition(interface, steering))


def encoded(messages: list[Message]) -> tuple[bytes, int]:
    """A datagram, and how many acknowledgements it asks for."""
    datagram = b""
    for number, each in enumerate(messages):
        length = 16 + len(each.payload)
        datagram += struct.pack("=IHHII", length, each.type, each.flags | 1, number, 0)
        datagram += each.payload + bytes(-length % 4)
    return datagram, sum(each.flags & NLM_F_ACK > 0 for each in messages)


def send(netlink: Netlink, datagram: bytes, acknowledgements: int) -> None:
    """Have the kernel do what a datagram says; all of it must be acknowledged."""
    netlink._socket.send(datagram)
    for _ in range(acknowledgements):
        code = struct.unpack_from("=i", netlink._socket.recv(1 << 16), 16)[0]
        assert code == 0, os.strerror(-code)


def rules_as_made() -> tuple[bytes, int]:
    """What makes the rules that the programs make."""
    with iptables.adding(Knocks()):
        pass
    return encoded(batch(*copies.taken()))


def sysctls_to_write() -> list[tuple[str, bytes]]:
    """Those that a new namespace has not as they should be: path and value."""
    return [
        (f"{path}/{name}", b"%d" % value)
        for path, directory, settings in sysctls._directories("all", "default")
        for name, value in settings.items()
        if sysctls._read(directory, name) != value
    ]


def write_sysctls(root: int, settings: list[tuple[str, bytes]]) -> None:
    """Write them, and read none."""
    for path, value in settings:
        descriptor = os.open(path, os.O_WRONLY, dir_fd=root)
        os.write(descriptor, value)
        os.close(descriptor)


def write_plainly(path: Path, content: bytes) -> None:
    """Write a file and its name to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, content)
    os.fsync(descriptor)
    os.close(descriptor)
    descriptor = os.open(path.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def take_parts(times: Times) -> None:
    """The parts of a namespace's making by themselves, and what the programs take that they save."""
    copy = namespaces.scratch(lambda: (rules_as_made(), copies.taken())[1])

    def take() -> None:
        with times.of(PARTS[0]):
            sysctls.write()
        with times.of(PARTS[1]):
            copies.put(copy)

    def take_programs() -> None:
        with times.of(PARTS[2]), iptables.adding(Knocks()):
            pass

    for _ in range(30):
        namespaces.scratch(take)
        namespaces.scratch(take_programs)


def clear_all(network: INetwork, interfaces: list[str]) -> None:
    """Leave nothing for an agent to clear at its start."""
    for each in interfaces:
        for step in clear(each, network.see(each)):
            network.apply(step)


def take_agent(interfaces: list[str], directory: Path) -> Times:
    """What a real agent takes, from the request to its answer."""
    times = Times()
    agent = Agent(directory).start()
    try:
        client = Client(agent.run_dir)
        for each in interfaces:
            document = DOCUMENT.format(uuid=uuid4(), name=each).encode()
            with times.of(ALL):
                client.attach(each, document, "application/yaml", 0)
    finally:
        agent.stop()
    return times


def main(count: int) -> None:
    """Print the table; all that was made goes with the sandbox."""
    names = [f"{kind}{i}" for kind in ("ours", "bare", "real") for i in range(count)]
    run("ip", "-batch", "-", given="".join(f"tuntap add {n} mode tap\nlink set {n} up\n" for n in names))
    ours, bare, listening = Times(), Times(), []
    network, kernel = LinuxNetwork(), Bare(bare)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        for i in range(count):
            listening.append(attach_ours(network, f"ours{i}", Path(directory), ours))
            listening.append(kernel.attach(f"bare{i}", Path(directory)))
        take_parts(ours)
        for each in listening:
            each.close()
        clear_all(network, names[: 2 * count])
        real = take_agent([f"real{i}" for i in range(count)], Path(directory))
    print(ROW.format(f"ms, medians of {count}", "ours", "kernel", "ratio", "last : first"))
    for step in (*(each for each in ours.taken if each not in (ALL, *PARTS)), *PARTS, ALL):
        print(
            ROW.format(
                step, ours.median(step), bare.median(step), _ratio(ours, bare, step), ours.growth(step)
            )
        )
    print(ROW.format("a real agent, whole request", real.median(ALL), "", "", real.growth(ALL)))


def _ratio(ours: Times, bare: Times, step: str) -> str:
    if step not in bare.taken:
        return ""
    return f"{statistics.median(ours.taken[step]) / statistics.median(bare.taken[step]):.1f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
