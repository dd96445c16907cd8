"""Frames as a guest may send them, byte by byte, and a sniffer of those that arrive."""

import random
import socket
import struct
from collections.abc import Callable
from contextlib import closing, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from attrs import frozen

from netns.wiring import INNER_MAC
from tests.hosts import NIC, Guest
from tests.integration import packets

Frame = Callable[[str, str, str], bytes]
"""Makes a frame of the sender's MAC address, the gateway's, and the IP address that it is for."""

_ALL_FRAMES = 3
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC = 263, 1, 1
_EXPERIMENT = 0x88B5
_IPV4, _IPV6 = "10.0.0.5", "fe80::5"
FRAME_BYTES = 65536
_BUFFER_BYTES = 64 << 20
_SO_RCVBUFFORCE, _PACKET_STATISTICS = 33, 6
_STATISTICS = struct.Struct("II")
_ARRIVAL_SECONDS = 5


def arp_request(sender: str, _gateway: str, target: str) -> bytes:
    """Asks all for the hardware address of an IPv4 address."""
    asked = packets.arp(packets.ARP_REQUEST, (sender, _IPV4), ("00:00:00:00:00:00", target))
    return packets.ethernet(packets.BROADCAST, sender, packets.ARP_TYPE, asked)


def solicitation(sender: str, _gateway: str, target: str) -> bytes:
    """Asks all that may have it for the hardware address of an IPv6 address."""
    group = IPv6Address(IPv6Address("ff02::1:ff00:0").packed[:13] + IPv6Address(target).packed[13:])
    asked = packets.icmp6(_IPV6, str(group), packets.SOLICITATION, bytes(4) + IPv6Address(target).packed)
    return packets.framed("33:33:" + group.packed[12:].hex(":"), sender, asked)


def to_gateway(sender: str, gateway: str, target: str) -> bytes:
    """A datagram that a router is to forward."""
    return _datagram(gateway, sender, target)


def on_link(sender: str, _gateway: str, target: str) -> bytes:
    """A datagram to whoever answers for the metadata addresses."""
    return _datagram(INNER_MAC, sender, target)


def marker(sender: str, _gateway: str, target: str) -> bytes:
    """A frame of no protocol, to all."""
    return packets.ethernet(packets.BROADCAST, sender, _EXPERIMENT, target.encode())


def syn(sender: str, gateway: str, target: str) -> bytes:
    """Knocks at the service, from a port that is any."""
    segment = packets.Segment(random.randrange(1024, 65536), 80, 0, 0, packets.SYN)
    packet = packets.ip(_IPV4, target, socket.IPPROTO_TCP, segment.between(_IPV4, target))
    return packets.framed(gateway, sender, packet)


def send(guest: Guest, *frames: bytes) -> None:
    """Let a guest send frames, whatever is in them."""
    with closing(guest.inside(lambda: packet_socket(NIC))) as sending:
        for frame in frames:
            sending.send(frame)


@frozen
class Sniffer:
    """Sees each frame that an interface sends or gets, also those for others."""

    _socket: socket.socket

    @classmethod
    def on(cls, interface: str) -> Self:
        """Begin to look, in the network namespace of the caller."""
        made = packet_socket(interface)
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        promiscuous = struct.pack("iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b"")
        made.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, promiscuous)
        made.settimeout(_ARRIVAL_SECONDS)
        return cls(made)

    def until(self, last: bytes) -> list[bytes]:
        """The frames so far, up to one that must come."""
        seen = [self._socket.recv(FRAME_BYTES)]
        while seen[-1] != last:
            seen.append(self._socket.recv(FRAME_BYTES))
        return seen

    def so_far(self) -> list[bytes]:
        """The frames that have come since the last look; none was lost."""
        seen = []
        self._socket.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                seen.append(self._socket.recv(FRAME_BYTES))
        self._socket.settimeout(_ARRIVAL_SECONDS)
        counted = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        assert _STATISTICS.unpack(counted)[1] == 0
        return seen

    def close(self) -> None:
        """Look no more."""
        self._socket.close()


def packet_socket(interface: str) -> socket.socket:
    """A socket that sends and gets whole frames; in the network namespace of the caller."""
    # Of no protocol at first: it would get the frames of all interfaces until it is bound. Source: packet(7).
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.bind((interface, _ALL_FRAMES))
    return made


def _datagram(destination: str, sender: str, target: str) -> bytes:
    source = _IPV4 if isinstance(ip_address(target), IPv4Address) else _IPV6
    return packets.framed(destination, sender, packets.datagram(source, target, 80))
