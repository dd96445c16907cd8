"""A stand-in for the guest behind a port: what it sends comes in on the port, as the guest's own frames do.

    namespace without a name            host
    TCP ── eth0 ════════ veth ════════ evprobe… ── bpf_redirect to the ingress of ──▶ tap0, and on as ever
                                          ▲
                                          └── copied: what goes out of tap0 to the stand-in's own MAC

The port itself is left as it is. What the guest behind it may see of all that: frames for a MAC that is not
its own, as behind a bridge.
A port without a carrier, such as a tap that no VM has open, lets nothing out: there the answers are copied
where they come out of the interface's namespace, one step before.
All of it goes with the process, however that ends: the namespace has no name, its end of the veth goes with
it, the other end with that, and the program with the other end. Sockets end at once: one that waited for its
last answer would keep the namespace.
Source: bpf-helpers(7), bpf_redirect; veth(4); packet(7); socket(7), SO_LINGER; network_namespaces(7).
"""

import contextlib
import errno
import os
import secrets
import select
import socket
import struct
import threading
from collections.abc import Collection, Iterator
from ipaddress import IPv4Interface, IPv6Interface, ip_address

from attrs import frozen

from netns import bpf, links, namespaces, rtnetlink, sysctls, traffic_control
from netns.errors import MissingError, NoSuchInterfaceError, UnsuitableInterfaceError
from netns.filters import DROP, JUMP_IF_EQUAL, LOAD_HALF, LOAD_WORD, PASS, Instruction, attach
from netns.kinds import objection
from netns.links import HostLink
from netns.names import check_interface, link_of
from netns.netlink import NETLINK_ROUTE, Netlink, NetlinkError
from netns.refusals import doing
from netns.wiring import GUEST_PORT, INNER_LINK, METADATA_IPV4, STAND_IN_MAC

PREFIX = "evprobe"

_ALL_FRAMES = 3
_SOL_PACKET, _PACKET_VNET_HDR = 263, 15
_FRAME_BYTES = 1 << 17
_ABORTING = struct.pack("ii", 1, 0)
_LACKING = (errno.ENOENT, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM)


@frozen
class StandIn:
    """Somebody who asks at a port.

    Attributes:
        returning: the link that answers are taken from: the port, or one step before.
    """

    returning: str
    _namespace: int

    def connect(self, address: str, seconds: float) -> socket.socket:
        """An open connection to a metadata address, and how long each of its steps may take.

        Raises:
            OSError: there is none.
        """
        return namespaces.enter_opened(self._namespace, lambda: _connect(address, seconds))

    def neighbour(self, address: str) -> str | None:
        """The hardware address of who has said that it has a metadata address; None if nobody has."""

        def looked_up() -> str | None:
            with Netlink(NETLINK_ROUTE) as route:
                return links.neighbour(route, ip_address(address))

        return namespaces.enter_opened(self._namespace, looked_up)


@contextlib.contextmanager
def standing_in(interface: str) -> Iterator[StandIn]:
    """Stand in for the guest behind an interface while the body runs.

    Raises:
        NameRefusedError, NoSuchInterfaceError: there is no such port.
        UnsuitableInterfaceError: nothing can come in there.
        MissingError: the kernel has not what it takes.
        KernelRefusedError: anything else.
    """
    check_interface(interface)
    with contextlib.ExitStack() as stack:
        with doing("stand in for the guest", interface):
            route = stack.enter_context(Netlink(NETLINK_ROUTE))
            port = _port(route, interface)
            name, mac = f"{PREFIX}{secrets.token_hex(4)}", _mac()
            namespace = stack.enter_context(namespaces.unnamed(sysctls.write))
            stack.callback(_remove, route, name)
            _join(route, namespace, (name, mac), port)
            returning = _returning(route, port)
            stack.enter_context(_copying(returning, name, mac))
        yield StandIn(returning, namespace)


def _port(route: Netlink, interface: str) -> HostLink:
    found = links.find(route, interface)
    if found is None:
        raise NoSuchInterfaceError(interface)
    if reason := objection(found):
        raise UnsuitableInterfaceError(interface, reason)
    if not found.is_up:
        raise UnsuitableInterfaceError(interface, f"is down: set it up (ip link set {interface} up)")
    return found


def _returning(route: Netlink, port: HostLink) -> str:
    link = link_of(port.name)
    return port.name if port.has_carrier or links.find(route, link) is None else link


def _mac() -> str:
    """A locally administered one, of nobody."""
    return f"{STAND_IN_MAC}:{secrets.token_bytes(2).hex(':')}"


def _join(route: Netlink, namespace: int, veth: tuple[str, str], port: HostLink) -> None:
    name, mac = veth
    inner = rtnetlink.name(INNER_LINK), rtnetlink.mac(mac), rtnetlink.mtu(port.mtu)
    route.transact([rtnetlink.new_veth(name, port.mtu, namespace, *inner)])
    sysctls.silence(name)
    route.transact([rtnetlink.set_up(name, rtnetlink.alias(f"eve-meta: a probe of {port.name}"))])
    _redirect(route, name, port)
    namespaces.enter_opened(namespace, _furnish)


def _redirect(route: Netlink, name: str, port: HostLink) -> None:
    index = socket.if_nametoindex(name)
    try:
        route.transact([traffic_control.hook(index)])
        program = bpf.bringing(port.index)
        try:
            route.transact([traffic_control.addition(index, program)])
        finally:
            os.close(program)
    except (NetlinkError, OSError) as error:
        if (error.code if isinstance(error, NetlinkError) else error.errno) not in _LACKING:
            raise
        what = f"the kernel does not bring frames to a port ({error})"
        raise MissingError(what, "load what that takes (modprobe -a sch_ingress cls_bpf)") from error


def _furnish() -> None:
    index = socket.if_nametoindex(INNER_LINK)
    with Netlink(NETLINK_ROUTE) as route:
        addresses = (rtnetlink.new_address(index, each) for each in _addresses())
        # Without loopback nobody is told that a neighbour was not found.
        route.transact([rtnetlink.set_up("lo"), rtnetlink.set_up(INNER_LINK), *addresses])


def _addresses() -> tuple[IPv4Interface | IPv6Interface, ...]:
    """On the metadata addresses' own links, of nobody. Source: RFC 3927, 2.1; RFC 4291, 2.5.6."""
    host = 0x0100 + secrets.randbelow(0xFE00)
    host += host == int(METADATA_IPV4) & 0xFFFF
    identifier = secrets.randbits(62)
    return IPv4Interface((0xA9FE << 16 | host, 16)), IPv6Interface((0xFE80 << 112 | identifier, 64))


def _connect(address: str, seconds: float) -> socket.socket:
    (family, *_, target), *_ = socket.getaddrinfo(_scoped(address), GUEST_PORT, type=socket.SOCK_STREAM)
    made = socket.socket(family)
    try:
        made.settimeout(seconds)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTING)
        made.connect(target)
    except OSError:
        made.close()
        raise
    return made


def _scoped(address: str) -> str:
    return f"{address}%{INNER_LINK}" if address.startswith("fe80:") else address


def _remove(route: Netlink, name: str) -> None:
    with contextlib.suppress(NetlinkError):  # it is gone, or was never made
        route.transact([rtnetlink.delete_link(name)])


@contextlib.contextmanager
def _copying(source: str, target: str, mac: str) -> Iterator[None]:
    """Copy frames to a MAC from one link of the host out at another, while the body runs."""
    with (
        _packets(source, _ALL_FRAMES, _for(mac)) as incoming,
        _packets(target, 0) as outgoing,
        contextlib.ExitStack() as ends,
    ):
        ended, end = map(ends.enter_context, socket.socketpair())
        thread = threading.Thread(target=_copy, args=(incoming, outgoing, ended), name="answers")
        thread.start()
        try:
            yield
        finally:
            end.close()
            thread.join()


def _copy(incoming: socket.socket, outgoing: socket.socket, ended: socket.socket) -> None:
    """With the header in front that tells what checksums and segments are still to be made."""
    with contextlib.suppress(OSError):  # the port is gone
        while ended not in select.select([incoming, ended], [], [])[0]:
            frame = incoming.recv(_FRAME_BYTES)
            with contextlib.suppress(OSError):  # for want of memory: TCP sends it again
                outgoing.send(frame)


def _packets(link: str, protocol: int, program: Collection[Instruction] = ()) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        made.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
        if program:
            attach(made, program)
        made.bind((link, protocol))
    except OSError:
        made.close()
        raise
    return made


def _for(mac: str) -> tuple[Instruction, ...]:
    """Passes frames to a MAC."""
    octets = bytes.fromhex(mac.replace(":", ""))
    high, low = int.from_bytes(octets[:4], "big"), int.from_bytes(octets[4:], "big")
    return (
        (LOAD_WORD, 0, 0, 0),
        (JUMP_IF_EQUAL, 0, 3, high),
        (LOAD_HALF, 0, 0, 4),
        (JUMP_IF_EQUAL, 0, 1, low),
        PASS,
        DROP,
    )
