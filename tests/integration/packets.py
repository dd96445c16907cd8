"""Packets layer by layer, with whatever a guest puts in their headers."""

import socket
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from zlib import crc32

from attrs import frozen

BROADCAST = "ff:ff:ff:ff:ff:ff"
ARP_TYPE, IPV4_TYPE, IPV6_TYPE, VLAN, SERVICE_VLAN = 0x0806, 0x0800, 0x86DD, 0x8100, 0x88A8
SYN, RST, PUSH, ACK, FIN = 0x02, 0x04, 0x08, 0x10, 0x01
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS = 0, 43, 44, 60
ARP_REQUEST, ARP_REPLY = 1, 2
SOLICITATION, ADVERTISEMENT, ROUTER_ADVERTISEMENT, REDIRECT = 135, 136, 134, 137

_ETHERNET_BYTES, _ADDRESSES_BYTES = 14, 12
_IPV4_BYTES, _IPV6_BYTES = 20, 40
_MORE_FRAGMENTS = 0x2000
_TTL = 255
_SOLICITED, _OVERRIDE = 0x40000000, 0x20000000


@frozen
class Segment:
    """A TCP segment. Source: RFC 9293, 3.1."""

    source_port: int
    target_port: int
    sequence: int
    acknowledged: int
    flags: int
    data: bytes = b""

    def between(self, source: str, target: str) -> bytes:
        """Its bytes, with the checksum that it has between two addresses."""
        numbers = (self.source_port, self.target_port, self.sequence, self.acknowledged)
        head = struct.pack("!HHIIBBHHH", *numbers, 5 << 4, self.flags, 65535, 0, 0)
        total = checksum(_pseudo_header(source, target, socket.IPPROTO_TCP, head + self.data))
        return head[:16] + struct.pack("!H", total) + head[18:] + self.data


def mac(text: str) -> bytes:
    """A hardware address's bytes."""
    return bytes.fromhex(text.replace(":", ""))


def ethernet(destination: str, source: str, ether_type: int, payload: bytes) -> bytes:
    """A frame."""
    return mac(destination) + mac(source) + struct.pack("!H", ether_type) + payload


def framed(destination: str, source: str, packet: bytes) -> bytes:
    """A frame around an IP packet."""
    return ethernet(destination, source, IPV4_TYPE if packet[0] >> 4 == 4 else IPV6_TYPE, packet)


def tagged(frame: bytes, *tags: tuple[int, int]) -> bytes:
    """A frame with VLAN tags, the outermost first: the ether type of each and the VLAN's number."""
    inserted = b"".join(struct.pack("!HH", *each) for each in tags)
    return frame[:_ADDRESSES_BYTES] + inserted + frame[_ADDRESSES_BYTES:]


def ip(source: str, target: str, protocol: int, payload: bytes) -> bytes:
    """A packet of the family of its target."""
    if isinstance(ip_address(target), IPv4Address):
        ends = IPv4Address(source).packed + IPv4Address(target).packed
        number = crc32(payload) & 0xFFFF
        return _summed(struct.pack("!BBHHHBBH", 0x45, 0, 0, number, 0, _TTL, protocol, 0) + ends, payload)
    ends = IPv6Address(source).packed + IPv6Address(target).packed
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, _TTL) + ends + payload


def datagram(source: str, target: str, port: int, data: bytes = b"") -> bytes:
    """An UDP packet, without the checksum that IPv4 can do without."""
    head = struct.pack("!HHHH", 1024, port, 8 + len(data), 0)
    return ip(source, target, socket.IPPROTO_UDP, head + data)


def icmp6(source: str, target: str, kind: int, body: bytes) -> bytes:
    """An ICMPv6 packet: its type, and what comes behind the checksum."""
    head = struct.pack("!BBH", kind, 0, 0)
    total = checksum(_pseudo_header(source, target, socket.IPPROTO_ICMPV6, head + body))
    return ip(source, target, socket.IPPROTO_ICMPV6, head[:2] + struct.pack("!H", total) + body)


def arp(operation: int, sender: tuple[str, str], target: tuple[str, str]) -> bytes:
    """What an ARP frame says of two, each with a hardware address and an IPv4 address. Source: RFC 826."""
    ends = b"".join(mac(hardware) + IPv4Address(address).packed for hardware, address in (sender, target))
    return struct.pack("!HHBBH", 1, IPV4_TYPE, 6, 4, operation) + ends


def advertisement(source: str, target: str, claimed: str, hardware: str) -> bytes:
    """A neighbour advertisement that overrides what is known of an address. Source: RFC 4861, 4.4."""
    flags = _OVERRIDE | (0 if IPv6Address(target).is_multicast else _SOLICITED)
    body = struct.pack("!I", flags) + IPv6Address(claimed).packed + b"\x02\x01" + mac(hardware)
    return icmp6(source, target, ADVERTISEMENT, body)


def with_options(packet: bytes, options: bytes) -> bytes:
    """An IPv4 packet with options, a multiple of four bytes."""
    words = (_IPV4_BYTES + len(options)) // 4
    return _summed(bytes([4 << 4 | words]) + packet[1:_IPV4_BYTES] + options, packet[_IPV4_BYTES:])


def fragment(packet: bytes, first: int, last: int | None) -> bytes:
    """The bytes of an IPv4 packet's payload from one, a multiple of eight, up to another; None is the end."""
    place = first // 8 | (_MORE_FRAGMENTS if last is not None else 0)
    head = packet[:6] + struct.pack("!H", place) + packet[8:_IPV4_BYTES]
    return _summed(head, packet[_IPV4_BYTES:][first:last])


def extended(packet: bytes, kind: int, body: bytes) -> bytes:
    """An IPv6 packet with an extension header in front of all that it carries. Source: RFC 8200, 4.

    Args:
        packet: without it.
        kind: of the header.
        body: of the header, behind the first byte.
    """
    payload = packet[6:7] + body + packet[_IPV6_BYTES:]
    length = struct.pack("!H", len(payload))
    return packet[:4] + length + bytes([kind]) + packet[7:_IPV6_BYTES] + payload


def fragment6(packet: bytes, first: int, last: int | None, protocol: int) -> bytes:
    """The same as `fragment` for an IPv6 packet, of which the first fragment tells the protocol."""
    place = first | (last is not None)
    part = packet[:6] + bytes([protocol]) + packet[7:_IPV6_BYTES] + packet[_IPV6_BYTES:][first:last]
    return extended(part, FRAGMENT, struct.pack("!BHI", 0, place, crc32(packet)))


def checksum(data: bytes) -> int:
    """The Internet checksum. Source: RFC 1071."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def _pseudo_header(source: str, target: str, protocol: int, payload: bytes) -> bytes:
    ends = ip_address(source).packed + ip_address(target).packed
    return ends + struct.pack("!IHBB", len(payload), 0, 0, protocol) + payload


def _summed(head: bytes, payload: bytes) -> bytes:
    """An IPv4 packet whose header tells the right length and checksum."""
    head = head[:2] + struct.pack("!H", len(head) + len(payload)) + head[4:]
    blank = head[:10] + bytes(2) + head[12:]
    return blank[:10] + struct.pack("!H", checksum(blank)) + blank[12:] + payload
