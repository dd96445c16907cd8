"""What hostile guests send: packets in disguise, and frames that say what is not so."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from itertools import product

from netns.wiring import INNER_MAC
from tests.hosts import IPV4, LINK_LOCAL, MAC, UNIQUE_LOCAL, Guest
from tests.integration import packets
from tests.integration.crowds import GATEWAY, GATEWAY6, METADATA_ADDRESSES, Crowd
from tests.integration.impostor import Disguise, Impostor, Tags
from tests.integration.packets import SERVICE_VLAN, VLAN

Flood = Callable[[Crowd, Guest], Iterator[bytes]]
"""The frames that a guest sends again and again."""

ATTACKER_MAC = "02:00:00:00:66:06"
STRANGERS = {IPV4: "10.0.0.99", LINK_LOCAL: "fe80::99", UNIQUE_LOCAL: "fe80::99"}
"""Addresses that nobody has, from which each metadata address is asked."""

_FRAME_HEAD, _TCP = 14, 6
_SENDERS = 2000
_ALL_NODES, _ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"
_MULTICAST_MAC, _NO_MAC = "01:00:5e:00:00:01", "00:00:00:00:00:00"
_VICTIM, _VICTIM6 = "10.0.0.5", "fe80::ff:fe00:5"
_HEADER_CUT_SHORT, _WHOLE_HEADER = 8, 24
_ELSEWHERE = bytes.fromhex("0a000001"), bytes.fromhex("fd000000000000000000000000000001")


def _in_pieces(frame: bytes, *edges: tuple[int, int | None]) -> Iterator[bytes]:
    head, packet = frame[:_FRAME_HEAD], frame[_FRAME_HEAD:]
    for first, last in edges:
        if packet[0] >> 4 == 4:
            yield head + packets.fragment(packet, first, last)
        else:
            yield head + packets.fragment6(packet, first, last, _TCP)


def _reordered(frame: bytes) -> Iterator[bytes]:
    yield from _in_pieces(frame, (16, None), (0, 16))


def _data_reordered(frame: bytes) -> Iterator[bytes]:
    """The first fragment has the whole header; a packet that is no longer than that stays whole."""
    if len(frame) > _FRAME_HEAD + 40 + _WHOLE_HEADER:
        yield from _in_pieces(frame, (_WHOLE_HEADER, None), (0, _WHOLE_HEADER))
    else:
        yield frame


def _header_cut_short(frame: bytes) -> Iterator[bytes]:
    yield from _in_pieces(frame, (0, _HEADER_CUT_SHORT), (_HEADER_CUT_SHORT, None))


def _overlapping(frame: bytes) -> Iterator[bytes]:
    yield from _in_pieces(frame, (0, 16), (8, None))


def _last_alone(frame: bytes) -> Iterator[bytes]:
    yield from _in_pieces(frame, (_HEADER_CUT_SHORT, None))


def _optional(options: bytes, frame: bytes) -> Iterator[bytes]:
    yield frame[:_FRAME_HEAD] + packets.with_options(frame[_FRAME_HEAD:], options)


def _headed(kind: int, body: bytes, frame: bytes) -> Iterator[bytes]:
    yield frame[:_FRAME_HEAD] + packets.extended(frame[_FRAME_HEAD:], kind, body)


def _routed(kind: int, left: int) -> Disguise:
    return partial(_headed, packets.ROUTING, bytes([2, kind, left, 0, 0, 0, 0]) + _ELSEWHERE[1])


_PADDING = b"\0\1\4\0\0\0\0"

# Each packet in disguise: of which family, how, and whether it is answered.
DISGUISES: dict[str, tuple[str, Disguise, bool]] = {
    "fragments out of order": (IPV4, _reordered, True),
    "first fragment with half a TCP header": (IPV4, _header_cut_short, True),
    "overlapping fragments": (IPV4, _overlapping, False),
    "last fragment alone": (IPV4, _last_alone, False),
    "no-operation option": (IPV4, partial(_optional, b"\1\1\1\0"), True),
    "record-route option": (IPV4, partial(_optional, b"\7\7\4" + bytes(5)), True),
    "loose source route": (IPV4, partial(_optional, b"\x83\7\4" + _ELSEWHERE[0] + b"\0"), False),
    "strict source route": (IPV4, partial(_optional, b"\x89\7\4" + _ELSEWHERE[0] + b"\0"), False),
    "loose source route, done": (IPV4, partial(_optional, b"\x83\7\x08" + _ELSEWHERE[0] + b"\0"), False),
    "fragments of IPv6 out of order": (LINK_LOCAL, _data_reordered, True),
    "first fragment of IPv6 with half a TCP header": (LINK_LOCAL, _header_cut_short, False),
    "overlapping fragments of IPv6": (LINK_LOCAL, _overlapping, False),
    "last fragment of IPv6 alone": (LINK_LOCAL, _last_alone, False),
    "atomic fragment": (
        LINK_LOCAL,
        partial(_headed, packets.FRAGMENT, struct.pack("!BHI", 0, 0, 9)),
        True,
    ),
    "hop-by-hop options": (LINK_LOCAL, partial(_headed, packets.HOP_BY_HOP, _PADDING), True),
    "destination options": (UNIQUE_LOCAL, partial(_headed, packets.DESTINATION_OPTIONS, _PADDING), True),
    "source route of IPv6": (LINK_LOCAL, _routed(0, 1), False),
    "source route of IPv6, done": (LINK_LOCAL, _routed(0, 0), True),
    "segment route": (UNIQUE_LOCAL, _routed(4, 1), False),
    "route of RPL": (UNIQUE_LOCAL, _routed(3, 1), False),
}

PRIORITY_TAGS: dict[str, Tags] = {
    "802.1Q": ((VLAN, 0),),
    "802.1Q, high priority": ((VLAN, 0xE000),),
    "802.1ad": ((SERVICE_VLAN, 0),),
}
"""Tags without a VLAN: all hosts take such a frame as one without a tag."""

STACKED_TAGS: dict[str, Tags] = {
    "two": ((VLAN, 0), (VLAN, 0)),
    "three": ((VLAN, 0), (VLAN, 0), (VLAN, 0)),
    "802.1ad with 802.1Q": ((SERVICE_VLAN, 0), (VLAN, 0)),
    "with one of a VLAN": ((VLAN, 0), (VLAN, 100)),
}
"""Priority tags with others in them."""

VLAN_TAGS: dict[str, Tags] = {
    "802.1Q": ((VLAN, 100),),
    "802.1ad": ((SERVICE_VLAN, 100), (VLAN, 100)),
}
"""Tags of VLANs."""


def spoofed_hardware(crowd: Crowd, guest: Guest) -> Iterator[bytes]:
    """Connections asked for with a source MAC address of everybody else."""
    others = (MAC, INNER_MAC, crowd.bridge_mac, crowd.link_mac, packets.BROADCAST, _MULTICAST_MAC, _NO_MAC)
    for mac, target in product(others, METADATA_ADDRESSES):
        yield from Impostor(guest=guest, source=STRANGERS[target], target=target, mac=mac).opening()


def spoofed_addresses(_crowd: Crowd, guest: Guest) -> Iterator[bytes]:
    """Connections asked for from an IP address of everybody else."""
    for source in (_VICTIM, GATEWAY, IPV4, "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1"):
        yield from Impostor(guest=guest, source=source, target=IPV4).opening()
    others = (_VICTIM6, GATEWAY6, LINK_LOCAL, UNIQUE_LOCAL, "::1", "::", _ALL_NODES, "::ffff:10.0.0.5")
    for source, target in product(others, (LINK_LOCAL, UNIQUE_LOCAL)):
        yield from Impostor(guest=guest, source=source, target=target).opening()


def claims(_crowd: Crowd, _guest: Guest) -> Iterator[bytes]:
    """ARP and neighbour advertisements that say: the metadata addresses and the gateway are at me."""
    for claimed, towards in product((IPV4, GATEWAY), (packets.BROADCAST, MAC, INNER_MAC)):
        claim = (ATTACKER_MAC, claimed)
        for operation, target in (
            (packets.ARP_REQUEST, (_NO_MAC, claimed)),
            (packets.ARP_REPLY, (packets.BROADCAST, claimed)),
            (packets.ARP_REPLY, (MAC, _VICTIM)),
        ):
            told = packets.arp(operation, claim, target)
            yield packets.ethernet(towards, ATTACKER_MAC, packets.ARP_TYPE, told)
    receivers = ((_ALL_NODES_MAC, _ALL_NODES), (MAC, _VICTIM6), (INNER_MAC, LINK_LOCAL))
    for claimed, (towards, receiver) in product((LINK_LOCAL, UNIQUE_LOCAL, GATEWAY6), receivers):
        told = packets.advertisement(claimed, receiver, claimed, ATTACKER_MAC)
        yield packets.framed(towards, ATTACKER_MAC, told)


def others_hardware(crowd: Crowd, guest: Guest) -> Iterator[bytes]:
    """Packets for the metadata addresses and for others, in frames for everybody else."""
    for towards in (MAC, INNER_MAC, crowd.bridge_mac, crowd.link_mac, packets.BROADCAST, _MULTICAST_MAC):
        for target in METADATA_ADDRESSES:
            source = STRANGERS[target]
            yield from Impostor(guest=guest, source=source, target=target, towards=towards).opening()
            yield packets.framed(towards, ATTACKER_MAC, packets.datagram(source, target, 80))
        for source, target in ((_VICTIM, "10.0.0.77"), (_VICTIM6, "fd00::77")):
            yield packets.framed(towards, ATTACKER_MAC, packets.datagram(source, target, 80))


def tags(_crowd: Crowd, guest: Guest) -> Iterator[bytes]:
    """Connections asked for in frames with all kinds of VLAN tags."""
    every = (*PRIORITY_TAGS.values(), *STACKED_TAGS.values(), *VLAN_TAGS.values())
    for each, target in product(every, METADATA_ADDRESSES):
        yield from Impostor(guest=guest, source=STRANGERS[target], target=target, tags=each).opening()


def disguises(_crowd: Crowd, guest: Guest) -> Iterator[bytes]:
    """Connections asked for in all disguises."""
    for target, disguise, _ in DISGUISES.values():
        source = STRANGERS[target]
        yield from Impostor(guest=guest, source=source, target=target, disguise=disguise).opening()


def many_senders(_crowd: Crowd, guest: Guest) -> Iterator[bytes]:
    """Connections asked for, and hardware addresses, from more addresses than the host has room for."""
    for number in range(1, _SENDERS + 1):
        ipv4, ipv6 = str(IPv4Address("10.1.0.0") + number), str(IPv6Address("fe80::1:0") + number)
        for source, target in ((ipv4, IPV4), (ipv6, LINK_LOCAL)):
            yield from Impostor(guest=guest, source=source, target=target).opening()
        asked = packets.arp(packets.ARP_REQUEST, (ATTACKER_MAC, ipv4), (_NO_MAC, IPV4))
        yield packets.ethernet(packets.BROADCAST, ATTACKER_MAC, packets.ARP_TYPE, asked)


FLOODS: tuple[Flood, ...] = (
    spoofed_hardware,
    spoofed_addresses,
    claims,
    others_hardware,
    tags,
    disguises,
)
