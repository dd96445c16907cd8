"""Links, addresses and routes: the messages that make them, and what of the host's links concerns us."""

import errno
import socket
import struct
from collections.abc import Container, Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any, TypeVar

from attrs import frozen
from pyroute2.netlink.rtnl import (
    RTM_DELLINK,
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
)
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from netns.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    Message,
    Netlink,
    NetlinkError,
    Reply,
    attributes,
    each_attribute,
    encoded,
    text,
)
from netns.wiring import INNER_LINK, INNER_MAC, METADATA_IPV4, METADATA_IPV6

T = TypeVar("T")

INNER_ADDRESSES: tuple[IPv4Interface | IPv6Interface, ...] = (
    IPv4Interface(METADATA_IPV4),
    *(IPv6Interface((each, 64 if each.is_link_local else 128)) for each in METADATA_IPV6),
)

_IFF_UP = 1
_IFINFOMSG = struct.Struct("=BxHiII")
_IFADDRMSG = struct.Struct("=BBBBI")
_RTMSG = struct.Struct("=8BI")
_ARPHRD_ETHER = 1
_IFLA_ADDRESS = 1
_IFLA_IFNAME = 3
_IFLA_MTU = 4
_IFLA_LINK = 5
_IFLA_LINKINFO = 18
_IFLA_LINK_NETNSID = 37
_IFLA_INFO_KIND = 1
_IFLA_PARENT_DEV_NAME = 56
_IFLA_PARENT_DEV_BUS_NAME = 57
_RTEXT_FILTER_SKIP_STATS = 8
_RT_TABLE_MAIN = 254
_RTPROT_STATIC = 4
_RT_SCOPE_UNIVERSE = 0
_RT_SCOPE_LINK = 253
_RTN_UNICAST = 1
_IFA_F_NODAD = 2
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_OIF, _RTA_GATEWAY = 4, 5


@frozen(kw_only=True)
class HostLink:
    """What one message says of a link of the host.

    Attributes:
        kind: "tun", "veth", "bridge"…; empty for hardware and for a few old drivers.
        parent: the bus and device that it stands on, "pci 0000:00:03.0"; empty for a virtual one.
        peer: the index of a veth's other end; 0 for one that has none.
        peer_namespace: the number that this namespace knows the other end's by; None where it is the same.
    """

    name: str
    index: int
    mtu: int
    is_ethernet: bool
    kind: str
    parent: str
    peer: int = 0
    peer_namespace: int | None = None
    is_up: bool = False
    address: str = ""


def identity(reply: Reply) -> tuple[int, str]:
    """Index and name of a link: all of it that is needed of most, and the name stands first."""
    _, _, index, _, _ = _IFINFOMSG.unpack_from(reply.payload)
    named = (value for kind, value in each_attribute(reply.payload, _IFINFOMSG.size) if kind == _IFLA_IFNAME)
    return index, text(next(named))


def read(reply: Reply) -> HostLink:
    """A link from an RTM_NEWLINK or RTM_DELLINK. Source: linux/if_link.h."""
    _, hardware, index, flags, _ = _IFINFOMSG.unpack_from(reply.payload)
    found = attributes(reply.payload, _IFINFOMSG.size)
    kind = attributes(found[_IFLA_LINKINFO], 0).get(_IFLA_INFO_KIND) if _IFLA_LINKINFO in found else None
    parent = (found[each] for each in (_IFLA_PARENT_DEV_BUS_NAME, _IFLA_PARENT_DEV_NAME) if each in found)
    return HostLink(
        name=text(found[_IFLA_IFNAME]),
        index=index,
        mtu=_number(found, _IFLA_MTU, 0),
        is_ethernet=hardware == _ARPHRD_ETHER,
        kind=text(kind) if kind else "",
        parent=" ".join(text(each) for each in parent),
        peer=_number(found, _IFLA_LINK, 0),
        peer_namespace=_number(found, _IFLA_LINK_NETNSID, None),
        is_up=bool(flags & _IFF_UP),
        address=found.get(_IFLA_ADDRESS, b"").hex(":"),
    )


def _number(found: Mapping[int, bytes], kind: int, otherwise: T) -> int | T:
    return struct.unpack("=i", found[kind])[0] if kind in found else otherwise


def find(netlink: Netlink, name: str) -> HostLink | None:
    """One link of the host by its name."""
    question = _link(name)
    question["attrs"].append(("IFLA_EXT_MASK", _RTEXT_FILTER_SKIP_STATS))
    try:
        (reply,) = netlink.ask(encoded(question, RTM_GETLINK, 0))
    except NetlinkError as error:
        if error.code == errno.ENODEV:
            return None
        raise
    return read(reply)


def dump(netlink: Netlink) -> list[Reply]:
    """All links of the host, to be read."""
    question = ifinfmsg()
    question["attrs"] = [("IFLA_EXT_MASK", _RTEXT_FILTER_SKIP_STATS)]
    return netlink.ask(encoded(question, RTM_GETLINK, NLM_F_DUMP))


def find_all(netlink: Netlink, names: Container[str]) -> dict[str, HostLink]:
    """Those links of the host that have one of these names."""
    named = ((identity(reply)[1], reply) for reply in dump(netlink))
    return {name: read(reply) for name, reply in named if name in names}


def addition(name: str, mtu: int, namespace: int) -> Message:
    """Make a veth whose other end, the inner link, is born in a namespace given by its descriptor."""
    peer = [
        ("IFLA_IFNAME", INNER_LINK),
        ("IFLA_ADDRESS", INNER_MAC),
        ("IFLA_MTU", mtu),
        ("IFLA_NET_NS_FD", namespace),
    ]
    content = _link(name)
    content["attrs"] += [
        ("IFLA_MTU", mtu),
        (
            "IFLA_LINKINFO",
            {
                "attrs": [
                    ("IFLA_INFO_KIND", "veth"),
                    ("IFLA_INFO_DATA", {"attrs": [("VETH_INFO_PEER", {"attrs": peer})]}),
                ]
            },
        ),
    ]
    return encoded(content, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)


def setting(name: str, *settings: tuple[str, object]) -> Message:
    """Set a link up, with further settings."""
    content = _link(name)
    content["flags"] = content["change"] = _IFF_UP
    content["attrs"] += settings
    return encoded(content, RTM_NEWLINK, NLM_F_ACK)


def removal(name: str) -> Message:
    """Remove a link; of a veth both ends."""
    return encoded(_link(name), RTM_DELLINK, NLM_F_ACK)


def furnishing(netlink: Netlink, mtu: int) -> list[Message]:
    """What the inner link needs, in the namespace that the socket is in: MTU, addresses, routes."""
    inner = find(netlink, INNER_LINK)
    if inner is None:
        raise NetlinkError(errno.ENODEV, detail=f"{INNER_LINK} is gone")
    return [
        setting("lo"),
        setting(INNER_LINK, ("IFLA_MTU", mtu), ("IFLA_ADDRESS", INNER_MAC)),
        *(_address(inner.index, each) for each in INNER_ADDRESSES),
        _default_route(inner.index, socket.AF_INET, _RT_SCOPE_LINK),
        _default_route(inner.index, socket.AF_INET6, _RT_SCOPE_UNIVERSE),
    ]


def addresses(netlink: Netlink, index: int) -> Iterator[IPv4Interface | IPv6Interface]:
    """The addresses of a link. Source: struct ifaddrmsg, linux/if_addr.h."""
    for reply in netlink.ask(Message(RTM_GETADDR, NLM_F_DUMP, bytes(_IFADDRMSG.size))):
        _, prefix_bits, _, _, of = _IFADDRMSG.unpack_from(reply.payload)
        if of == index:
            found = attributes(reply.payload, _IFADDRMSG.size)
            yield ip_interface((found.get(_IFA_LOCAL, found[_IFA_ADDRESS]), prefix_bits))


def families_routed(netlink: Netlink, index: int) -> Iterator[int]:
    """The families whose default route is on a link itself. Source: struct rtmsg, linux/rtnetlink.h."""
    for reply in netlink.ask(Message(RTM_GETROUTE, NLM_F_DUMP, bytes(_RTMSG.size))):
        family, destination_bits, _, _, table, _, _, kind, _ = _RTMSG.unpack_from(reply.payload)
        if (destination_bits, table, kind) == (0, _RT_TABLE_MAIN, _RTN_UNICAST):
            found = attributes(reply.payload, _RTMSG.size)
            if _RTA_GATEWAY not in found and index == _number(found, _RTA_OIF, 0):
                yield family


def _link(name: str) -> Any:
    content = ifinfmsg()
    content["attrs"] = [("IFLA_IFNAME", name)]
    return content


def _address(index: int, interface: IPv4Interface | IPv6Interface) -> Message:
    family = socket.AF_INET if isinstance(interface, IPv4Interface) else socket.AF_INET6
    address = str(interface.ip)
    content = ifaddrmsg()
    content["family"] = family
    content["prefixlen"] = interface.network.prefixlen
    content["index"] = index
    content["scope"] = _RT_SCOPE_LINK if family == socket.AF_INET else 0
    content["flags"] = _IFA_F_NODAD if family == socket.AF_INET6 else 0
    content["attrs"] = [("IFA_LOCAL", address), ("IFA_ADDRESS", address)]
    return encoded(content, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)


def _default_route(index: int, family: int, scope: int) -> Message:
    """Everything is on the link: the reply to any source address finds the guest by ARP or solicitation."""
    content = rtmsg()
    content["family"] = family
    content["table"] = _RT_TABLE_MAIN
    content["proto"] = _RTPROT_STATIC
    content["scope"] = scope
    content["type"] = _RTN_UNICAST
    content["attrs"] = [("RTA_OIF", index)]
    return encoded(content, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
