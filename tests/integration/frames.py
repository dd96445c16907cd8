"""Frames as a guest may send them, byte by byte, and a sniffer of those that arrive."""

import random
import socket
import struct
from collections.abc import Callable
from contextlib import closing
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from attrs import frozen

from netns.wiring import INNER_MAC
from tests.hosts import NIC, Guest

Frame = Callable[[str, str, str], bytes]
"""Makes a frame of the sender's MAC address, the gateway's, and the IP address that it is for."""

_ALL_FRAMES = 3
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC = 263, 1, 1
_ARP, _IPV4, _IPV6, _EXPERIMENT = 0x0806, 0x0800, 0x86DD, 0x88B5
_BROADCAST = "ff:ff:ff:ff:ff:ff"
_FRAME_BYTES = 65536
_ARRIVAL_SECONDS = 5


def arp_request(sender: str, _gateway: str, target: str) -> bytes:
    """Asks all for the hardware address of an IPv4 address."""
    head = struct.pack("!HHBBH", 1, _IPV4, 6, 4, 1)
    asker = _mac(sender) + IPv4Address("10.0.0.5").packed
    return _ethernet(_BROADCAST, sender, _ARP, head + asker + bytes(6) + IPv4Address(target).packed)


def solicitation(sender: str, _gateway: str, target: str) -> bytes:
    """Asks all that may have it for the hardware address of an IPv6 address."""
    wanted = IPv6Address(target).packed
    group = IPv6Address("ff02::1:ff00:0").packed[:13] + wanted[13:]
    icmp = struct.pack("!BBHI", 135, 0, 0, 0) + wanted
    return _ethernet("33:33:" + group[12:].hex(":"), sender, _IPV6, _ipv6(58, group, icmp))


def to_gateway(sender: str, gateway: str, target: str) -> bytes:
    """A datagram that a router is to forward."""
    return _datagram(gateway, sender, target)


def on_link(sender: str, _gateway: str, target: str) -> bytes:
    """A datagram to whoever answers for the metadata addresses."""
    return _datagram(INNER_MAC, sender, target)


def marker(sender: str, _gateway: str, target: str) -> bytes:
    """A frame of no protocol, to all."""
    return _ethernet(_BROADCAST, sender, _EXPERIMENT, target.encode())


def syn(sender: str, gateway: str, target: str) -> bytes:
    """Knocks at the service, from a port that is any."""
    port = random.randrange(1024, 65536)
    address = IPv4Address(target).packed
    unsummed = struct.pack("!HHIIBBHHH", port, 80, port, 0, 0x50, 2, 1024, 0, 0)
    pseudo = IPv4Address("10.0.0.5").packed + address + struct.pack("!HH", 6, len(unsummed))
    total = sum(struct.unpack("!16H", pseudo + unsummed))
    checksum = 0xFFFF - (total % 0xFFFF)
    tcp = unsummed[:16] + struct.pack("!H", checksum) + unsummed[18:]
    return _ethernet(gateway, sender, _IPV4, _ipv4(6, address, tcp))


def send(guest: Guest, *frames: bytes) -> None:
    """Let a guest send frames, whatever is in them."""
    with closing(guest.inside(lambda: _packet_socket(NIC))) as sending:
        for frame in frames:
            sending.send(frame)


@frozen
class Sniffer:
    """Sees each frame that an interface sends or gets, also those for others."""

    _socket: socket.socket

    @classmethod
    def on(cls, interface: str) -> Self:
        """Begin to look, in the network namespace of the caller."""
        made = _packet_socket(interface)
        promiscuous = struct.pack("iHH8s", socket.if_nametoindex(interface), _PACKET_MR_PROMISC, 0, b"")
        made.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, promiscuous)
        made.settimeout(_ARRIVAL_SECONDS)
        return cls(made)

    def until(self, last: bytes) -> list[bytes]:
        """The frames so far, up to one that must come."""
        seen = [self._socket.recv(_FRAME_BYTES)]
        while seen[-1] != last:
            seen.append(self._socket.recv(_FRAME_BYTES))
        return seen

    def close(self) -> None:
        """Look no more."""
        self._socket.close()


def _packet_socket(interface: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_FRAMES))
    made.bind((interface, _ALL_FRAMES))
    return made


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ethernet(destination: str, source: str, ether_type: int, payload: bytes) -> bytes:
    return _mac(destination) + _mac(source) + struct.pack("!H", ether_type) + payload


def _datagram(destination: str, sender: str, target: str) -> bytes:
    udp = struct.pack("!HHHH", 1024, 80, 8, 0)
    address = ip_address(target)
    if isinstance(address, IPv4Address):
        return _ethernet(destination, sender, _IPV4, _ipv4(17, address.packed, udp))
    return _ethernet(destination, sender, _IPV6, _ipv6(17, address.packed, udp))


def _ipv4(protocol: int, target: bytes, payload: bytes) -> bytes:
    source = IPv4Address("10.0.0.5").packed
    parts = (0x45, 0, 20 + len(payload), 0, 0, 64, protocol)
    unsummed = struct.pack("!BBHHHBBH4s4s", *parts, 0, source, target)
    total = sum(struct.unpack("!10H", unsummed))
    checksum = 0xFFFF - (total % 0xFFFF)
    return struct.pack("!BBHHHBBH4s4s", *parts, checksum, source, target) + payload


def _ipv6(protocol: int, target: bytes, payload: bytes) -> bytes:
    source = IPv6Address("fe80::5").packed
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 255, source, target) + payload
