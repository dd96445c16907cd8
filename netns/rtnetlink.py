"""Links, addresses and routes as the kernel's routing family writes them, in the host's byte order.

Source: linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/veth.h; rtnetlink(7). A test holds what is
written here against what pyroute2 writes.
"""

import socket
import struct
from ipaddress import IPv4Interface, IPv6Interface

from netns.netlink import NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, Message, attribute

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_GETNEIGH = 30
RTM_NEWNETCONF = 80

IFINFOMSG = struct.Struct("=BxHiII")
IFADDRMSG = struct.Struct("=BBBBI")
RTMSG = struct.Struct("=8BI")
NDMSG = struct.Struct("=BxxxiHBB")

IFF_UP, IFF_LOWER_UP = 1, 1 << 16
ARPHRD_ETHER = 1

IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER = 1, 3, 4, 5, 10
IFLA_LINKINFO, IFLA_IFALIAS, IFLA_NET_NS_FD, IFLA_EXT_MASK, IFLA_LINK_NETNSID = 18, 20, 28, 29, 37
IFLA_PARENT_DEV_NAME, IFLA_PARENT_DEV_BUS_NAME = 56, 57
IFLA_XDP, IFLA_XDP_PROG_ID = 43, 4
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
_VETH_INFO_PEER = 1
RTEXT_FILTER_SKIP_STATS = 8

IFA_ADDRESS, IFA_LOCAL = 1, 2
_IFA_F_NODAD = 2

NDA_DST, NDA_LLADDR, NDA_CACHEINFO = 1, 2, 3
NDA_CACHEINFO_UPDATED = struct.Struct("=8xI4x")
"""Hundredths of a second ago. Source: struct nda_cacheinfo, linux/neighbour.h; USER_HZ."""
NUD_FAILED, NUD_NOARP, NUD_PERMANENT = 0x20, 0x40, 0x80

RTA_DST, RTA_OIF, RTA_GATEWAY = 1, 4, 5
RTN_UNICAST = 1
RT_TABLE_MAIN, RT_TABLE_LOCAL = 254, 255
_RTPROT_STATIC = 4
_RT_SCOPE_UNIVERSE, _RT_SCOPE_LINK = 0, 253

_SKIPPING_STATS = attribute(IFLA_EXT_MASK, struct.pack("=I", RTEXT_FILTER_SKIP_STATS))


def name(value: str) -> bytes:
    """A link's name."""
    return attribute(IFLA_IFNAME, value.encode() + b"\0")


def mtu(value: int) -> bytes:
    """A link's MTU, in bytes."""
    return attribute(IFLA_MTU, struct.pack("=I", value))


def mac(value: str) -> bytes:
    """A link's hardware address, as in "02:00:a9:fe:a9:fe"."""
    return attribute(IFLA_ADDRESS, bytes.fromhex(value.replace(":", "")))


def alias(value: str) -> bytes:
    """What an operator reads about a link."""
    return attribute(IFLA_IFALIAS, value.encode() + b"\0")


def get_link(link: str) -> Message:
    """Ask for one link."""
    return Message(RTM_GETLINK, 0, _ifinfomsg() + name(link) + _SKIPPING_STATS)


def get_links(flags: int) -> Message:
    """Ask for all links."""
    return Message(RTM_GETLINK, flags, _ifinfomsg() + _SKIPPING_STATS)


def new_veth(link: str, link_mtu: int, namespace: int, *peer: bytes) -> Message:
    """Make a veth whose other end is born in a namespace, given by its descriptor."""
    born = attribute(IFLA_NET_NS_FD, struct.pack("=I", namespace))
    other = attribute(_VETH_INFO_PEER, _ifinfomsg() + b"".join(peer) + born)
    kind = attribute(IFLA_INFO_KIND, b"veth\0") + attribute(IFLA_INFO_DATA, other)
    content = name(link) + mtu(link_mtu) + attribute(IFLA_LINKINFO, kind)
    return Message(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, _ifinfomsg() + content)


def set_up(link: str, *settings: bytes) -> Message:
    """Set a link up, with further settings."""
    return Message(RTM_NEWLINK, NLM_F_ACK, _ifinfomsg(IFF_UP) + name(link) + b"".join(settings))


def delete_link(link: str) -> Message:
    """Remove a link; of a veth both ends."""
    return Message(RTM_DELLINK, NLM_F_ACK, _ifinfomsg() + name(link))


def new_address(index: int, interface: IPv4Interface | IPv6Interface) -> Message:
    """Give a link an address; one of IPv6 is not asked for on the wire first."""
    if isinstance(interface, IPv4Interface):
        family, flags, scope = socket.AF_INET, 0, _RT_SCOPE_LINK
    else:
        family, flags, scope = socket.AF_INET6, _IFA_F_NODAD, _RT_SCOPE_UNIVERSE
    start = IFADDRMSG.pack(family, interface.network.prefixlen, flags, scope, index)
    content = attribute(IFA_LOCAL, interface.packed) + attribute(IFA_ADDRESS, interface.packed)
    return Message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, start + content)


def new_default_route(index: int, family: int) -> Message:
    """Everything is on the link: the reply to any source address finds the guest by ARP or solicitation."""
    scope = _RT_SCOPE_LINK if family == socket.AF_INET else _RT_SCOPE_UNIVERSE
    start = RTMSG.pack(family, 0, 0, 0, RT_TABLE_MAIN, _RTPROT_STATIC, scope, RTN_UNICAST, 0)
    content = attribute(RTA_OIF, struct.pack("=I", index))
    return Message(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, start + content)


def _ifinfomsg(set_flags: int = 0) -> bytes:
    return IFINFOMSG.pack(socket.AF_UNSPEC, 0, 0, set_flags, set_flags)
