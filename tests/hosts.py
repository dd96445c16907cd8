"""A host with guests, on the real kernel: bridges, and network namespaces that stand for VMs.

A guest's NIC is one end of a veth pair; the other end stands for its tap. For tests in a throw-away host.
"""

import errno
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from attrs import define, field, frozen

from netns import namespaces
from tests.support import refuse

T = TypeVar("T")

IPV4 = "169.254.169.254"
LINK_LOCAL = "fe80::a9fe:a9fe"
UNIQUE_LOCAL = "fd00:ec2::254"
MAC = "02:00:00:00:00:05"
NIC = "eth0"
HOSTNAME = "/latest/meta-data/hostname"
ANSWER_SECONDS = 10
PROGRAM_SECONDS = 60


class Answer(NamedTuple):
    """What a guest was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ip(*arguments: str) -> str:
    """What `ip` prints; it must succeed."""
    return run("ip", *arguments)


def run(*command: str, given: str | None = None) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def kernel_objects() -> dict[str, list[str]]:
    """The names of all links, namespaces and nftables tables of this host."""
    return {
        "links": sorted(name for _, name in socket.if_nameindex()),
        "namespaces": list(namespaces.names("")),
        "tables": sorted(run("nft", "list", "tables").splitlines()),
    }


def mtu_of(link: str, *where: str) -> int:
    """The MTU of a link, in this namespace or in that of `-n NAME`."""
    (shown,) = json.loads(ip(*where, "-j", "link", "show", "dev", link))
    return int(shown["mtu"])


def mac_of(link: str, *where: str) -> str:
    """The hardware address of a link, in this namespace or in that of `-n NAME`."""
    (shown,) = json.loads(ip(*where, "-j", "link", "show", "dev", link))
    return str(shown["address"])


@frozen
class Guest:
    """A VM as the network sees it: a namespace with a NIC, and the tap on the host."""

    name: str
    tap: str

    def run(self, *command: str, given: str | None = None) -> str:
        """What a program prints that runs inside; it must succeed."""
        return run("ip", "netns", "exec", self.name, *command, given=given)

    def run_python(self, program: str) -> dict[str, Any]:
        """What a program prints, as JSON, that the tests' own Python runs with its network."""
        printed: dict[str, Any] = json.loads(self.run(sys.executable, "-c", program))
        return printed

    def inside(self, work: Callable[[], T]) -> T:
        """What a function returns that runs inside, on a thread of its own."""
        return namespaces.enter(self.name, work)

    def connect(self, address: str = IPV4, port: int = 80, seconds: float = ANSWER_SECONDS) -> socket.socket:
        """An open connection; link-local addresses are asked on the NIC."""
        return self.inside(lambda: socket.create_connection((self._scoped(address), port), timeout=seconds))

    def begin_to_connect(self, address: str = IPV4, port: int = 80) -> socket.socket:
        """A connection that has been asked for once and is not waited for."""

        def begin() -> socket.socket:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            connection = socket.socket(family)
            connection.settimeout(0)
            (*_, target) = socket.getaddrinfo(self._scoped(address), port, family)[0]
            assert connection.connect_ex(target) == errno.EINPROGRESS
            return connection

        return self.inside(begin)

    def ask(
        self,
        path: str,
        address: str = IPV4,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """What it is answered at a path, over a connection of its own."""
        with self.connect(address, seconds=seconds) as connection:
            return ask_over(connection, path, method=method, headers=headers)

    def post(self, path: str, body: str) -> int:
        """The status with which it is answered what it sends."""
        with self.connect() as connection:
            return ask_over(connection, path, method="POST", body=body).status

    def read(self, path: str, address: str = IPV4) -> str:
        """The text at a path, which must be there."""
        answer = self.ask(path, address)
        assert answer.status == http.client.OK, answer
        return answer.body.decode()

    @staticmethod
    def _scoped(address: str) -> str:
        return f"{address}%{NIC}" if address.startswith("fe80:") else address


def ask_over(
    connection: socket.socket,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> Answer:
    """What is answered over an open connection, which stays open."""
    client = http.client.HTTPConnection("metadata")
    client.sock = connection
    client.request(method, path, body, dict(headers or {}))
    response = client.getresponse()
    return Answer(response.status, dict(response.getheaders()), response.read())


@define
class Host:
    """What a test makes on this host; all of it is gone when the `with` block ends."""

    _links: list[str] = field(factory=list)
    _guests: list[Guest] = field(factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for guest in self._guests:
            subprocess.run(["ip", "link", "del", guest.tap], capture_output=True, check=False)
            subprocess.run(["ip", "netns", "del", guest.name], capture_output=True, check=False)
        for link in reversed(self._links):
            subprocess.run(["ip", "link", "del", link], capture_output=True, check=False)

    def link(self, name: str, *settings: str) -> str:
        """A link that is up, in the words of `ip link add`; a kernel without its kind skips the test."""
        command = ("ip", "link", "add", name, *settings)
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if "Unknown device type" in made.stderr:
            refuse(f"this kernel has no {' '.join(settings)}")
        assert made.returncode == 0, made.stderr
        self._links.append(name)
        ip("link", "set", name, "up")
        return name

    def bridge(self, name: str = "br0") -> str:
        """A bridge that is up."""
        return self.link(name, "type", "bridge")

    def tap(self, name: str, *, bridge: str | None = None, mtu: int = 1500) -> str:
        """A tap that is up, and that nobody has open; a bare one without a bridge."""
        ip("tuntap", "add", name, "mode", "tap")
        self._links.append(name)
        ip("link", "set", name, "mtu", str(mtu), *(("master", bridge) if bridge else ()), "up")
        return name

    def guest(  # noqa: PLR0913 - each is what a VM differs in
        self,
        name: str,
        tap: str,
        *,
        bridge: str | None = None,
        mac: str = MAC,
        address: str | None = "10.0.0.5/24",
        gateway: str | None = None,
        mtu: int = 1500,
    ) -> Guest:
        """A guest with one NIC.

        Args:
            name: of its namespace.
            tap: its port on the host.
            bridge: what the port is on; a bare tap without.
            mac: of its NIC.
            address: its IPv4 address; without one it asks over IPv6.
            gateway: its default route; without one 169.254.169.254 is on its link.
            mtu: of its NIC and its port.
        """
        guest = Guest(name, tap)
        self._guests.append(guest)
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")  # urllib3 has IPv6 only if ::1 is there
        self.plug(guest, bridge=bridge, mac=mac, mtu=mtu)
        if address:
            ip("-n", name, "addr", "add", address, "dev", NIC)
            route = ("default", "via", gateway) if gateway else (f"{IPV4}/32",)
            ip("-n", name, "route", "add", *route, "dev", NIC)
        return guest

    def plug(self, guest: Guest, *, bridge: str | None = None, mac: str = MAC, mtu: int = 1500) -> None:
        """Give a guest its NIC, and the host its port; addresses are the caller's."""
        # No duplicate address detection: a guest's link-local address may be used at once.
        inside = f"/proc/sys/net/ipv6/conf/{NIC}/accept_dad"
        peer = ("peer", "name", NIC, "address", mac, "mtu", str(mtu), "netns", guest.name)
        ip("link", "add", guest.tap, "mtu", str(mtu), "type", "veth", *peer)
        guest.inside(lambda: Path(inside).write_text("0", encoding="ascii"))
        if bridge:
            ip("link", "set", guest.tap, "master", bridge)
        ip("link", "set", guest.tap, "up")
        ip("-n", guest.name, "link", "set", NIC, "up")

    def unplug(self, guest: Guest) -> None:
        """Take a guest's NIC and port away."""
        ip("link", "del", guest.tap)

    def add_gateway(self, bridge: str, address: str) -> None:
        """Give the host an address on a bridge, as a router of its guests has."""
        ip("addr", "add", address, "dev", bridge)
