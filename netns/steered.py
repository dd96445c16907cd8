"""Which of a guest's frames are steered to its namespace, and which are dropped, as rules of nftables.

What is not for us goes on, and most of it by the first two rules: all of a guest's traffic passes here. What
is left is for us, and steered if there is room to note its sender, else dropped: not let by for lack of room.
So what says that it is IPv4, ARP or IPv6, and ends before it tells for whom, is dropped, too.
Why note the senders: see `MAX_SENDERS`.
Why set the destination: a guest with a default gateway sends to the gateway's hardware address, and the
namespace would drop that as somebody else's.
A frame of a VLAN goes on as before. One with a priority tag, of VLAN 0, is of none: a host takes the tag off,
and off what is in it, however many there are, and would take the packet for its own 169.254.169.254. So it is
steered as one without, and dropped if there is another tag in it. The hook sees a frame without its outermost
tag, but that is there again for who reads the link's header. Source: IEEE 802.1Q-2022, 6.9; check_vlan_id in
net/core/dev.c, nft_payload_copy_vlan() in net/netfilter/nft_payload.c, Linux 6.18.
"""

import socket
from collections.abc import Iterator
from ipaddress import IPv6Address

from netns.expressions import (
    ACCEPT,
    DROP,
    LINK_HEADER,
    NETWORK_HEADER,
    TRANSPORT_HEADER,
    carries,
    carries_none_of,
    forward,
    has,
    has_any,
    has_none_of,
    load,
    noted,
    transports,
    transports_other_than,
    verdict,
    write,
)
from netns.wiring import INNER_MAC, METADATA_IPV4, METADATA_IPV6

MAX_SENDERS = 64
"""So many IPv4 addresses, and so many of IPv6, may one guest ask from within some seconds.

Each is an entry in the kernel's table of neighbours, which is one for the host and all its namespaces and has
room for 1024 of either family. What is not older than five seconds stays there when it is full, and nobody on
the host finds a new neighbour then. Source: arp(7), gc_thresh3; neigh_forced_gc() in net/core/neighbour.c,
Linux 6.18.
"""

SENDER_SECONDS = 10
_SENDERS_4, _SENDERS_6 = "senders-4", "senders-6"
SETS = {_SENDERS_4: (7, 4), _SENDERS_6: (8, 16)}
"""Where they are noted; of each set the type of its elements (ipv4_addr, ipv6_addr) and their bytes."""

_IPPROTO_ICMPV6 = bytes([socket.IPPROTO_ICMPV6])
_ND_NEIGHBOR_SOLICIT = bytes([135])

_IPV4, _ARP, _IPV6 = (each.to_bytes(2, "big") for each in (0x0800, 0x0806, 0x86DD))
_TAGS = tuple(each.to_bytes(2, "big") for each in (0x8100, 0x88A8))
_VLAN_NUMBER = b"\x0f\xff"


def rules(link: int) -> Iterator[bytes]:
    """What is done with the frames of a guest, in this order, to steer to a link, given by its index.

    What none of them takes is to be dropped.
    """
    to_link = write(LINK_HEADER, 0, bytes.fromhex(INNER_MAC.replace(":", ""))) + forward(link)
    ipv4, ipv6 = METADATA_IPV4.packed, [each.packed for each in METADATA_IPV6]
    has_room_6 = _has_room(_SENDERS_6, 8, 16)
    accepted, dropped = verdict(ACCEPT), verdict(DROP)
    is_other_ipv6 = has_none_of(NETWORK_HEADER, 24, *ipv6)
    yield carries(_IPV4) + has_none_of(NETWORK_HEADER, 16, ipv4) + accepted
    yield carries(_IPV6) + transports_other_than(_IPPROTO_ICMPV6) + is_other_ipv6 + accepted
    yield from (each + accepted for each in _frames_of_vlans())
    yield carries_none_of((_IPV4, _ARP, _IPV6, *_TAGS)) + accepted
    yield carries(_ARP) + has_none_of(NETWORK_HEADER, 24, ipv4) + accepted
    for each in METADATA_IPV6:
        yield _solicits(each) + has_room_6 + to_link
        yield _solicits(each) + dropped
    yield carries(_IPV6) + is_other_ipv6 + accepted
    yield carries(_IPV4) + _has_room(_SENDERS_4, 12, 4) + to_link
    yield carries(_ARP) + _has_room(_SENDERS_4, 14, 4) + to_link
    yield carries(_IPV6) + has_room_6 + to_link


def _frames_of_vlans() -> Iterator[bytes]:
    for each in _TAGS:
        yield has(LINK_HEADER, 12, each) + has_any(LINK_HEADER, 14, _VLAN_NUMBER)


def _has_room(senders: str, offset: int, length: int) -> bytes:
    """There is room to note a sender, whose address stands at a place in the network header."""
    return load(NETWORK_HEADER, offset, length) + noted(senders)


def _solicits(address: IPv6Address) -> bytes:
    """A neighbour solicitation goes to a multicast address: what it asks for tells. Source: RFC 4861, 4.3."""
    kind = has(TRANSPORT_HEADER, 0, _ND_NEIGHBOR_SOLICIT)
    return carries(_IPV6) + transports(_IPPROTO_ICMPV6) + kind + has(TRANSPORT_HEADER, 8, address.packed)
