"""Links, addresses and routes: the messages that make them, and what of the host's links concerns us."""

import errno
import socket
import struct
from collections.abc import Iterator
from typing import Any

from attrs import frozen
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_GETLINK, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE
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
    encoded,
    text,
)
from netns.wiring import INNER_LINK, INNER_MAC, METADATA_IPV4, METADATA_IPV6

_IFF_UP = 1
_IFINFOMSG = struct.Struct("=BxHiII")
_ARPHRD_ETHER = 1
_IFLA_IFNAME = 3
_IFLA_MTU = 4
_IFLA_LINKINFO = 18
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


@frozen(kw_only=True)
class HostLink:
    """What one message says of a link of the host.

    Attributes:
        kind: "tun", "veth", "bridge"…; empty for hardware and for a few old drivers.
        parent: the bus and device that it stands on, "pci 0000:00:03.0"; empty for a virtual one.
    """

    name: str
    index: int
    mtu: int
    is_ethernet: bool
    kind: str
    parent: str


def read(reply: Reply) -> HostLink:
    """A link from an RTM_NEWLINK or RTM_DELLINK. Source: linux/if_link.h."""
    _, hardware, index, _, _ = _IFINFOMSG.unpack_from(reply.payload)
    found = attributes(reply.payload, _IFINFOMSG.size)
    kind = attributes(found[_IFLA_LINKINFO], 0).get(_IFLA_INFO_KIND) if _IFLA_LINKINFO in found else None
    parent = (found[each] for each in (_IFLA_PARENT_DEV_BUS_NAME, _IFLA_PARENT_DEV_NAME) if each in found)
    return HostLink(
        name=text(found[_IFLA_IFNAME]),
        index=index,
        mtu=struct.unpack("=I", found[_IFLA_MTU])[0] if _IFLA_MTU in found else 0,
        is_ethernet=hardware == _ARPHRD_ETHER,
        kind=text(kind) if kind else "",
        parent=" ".join(text(each) for each in parent),
    )


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


def find_all(netlink: Netlink) -> Iterator[HostLink]:
    """All links of the host."""
    question = ifinfmsg()
    question["attrs"] = [("IFLA_EXT_MASK", _RTEXT_FILTER_SKIP_STATS)]
    return (read(reply) for reply in netlink.ask(encoded(question, RTM_GETLINK, NLM_F_DUMP)))


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
        _address(inner.index, socket.AF_INET, str(METADATA_IPV4), 32),
        *(_address(inner.index, socket.AF_INET6, str(each), _prefix(each)) for each in METADATA_IPV6),
        _default_route(inner.index, socket.AF_INET, _RT_SCOPE_LINK),
        _default_route(inner.index, socket.AF_INET6, _RT_SCOPE_UNIVERSE),
    ]


def _prefix(address: Any) -> int:
    return 64 if address.is_link_local else 128


def _link(name: str) -> Any:
    content = ifinfmsg()
    content["attrs"] = [("IFLA_IFNAME", name)]
    return content


def _address(index: int, family: int, address: str, prefix_bits: int) -> Message:
    content = ifaddrmsg()
    content["family"] = family
    content["prefixlen"] = prefix_bits
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
