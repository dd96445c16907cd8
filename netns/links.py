"""Links, addresses and routes: the messages that make them, and what of the host's links concerns us."""

import errno
import struct
from collections.abc import Container, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface
from socket import AF_INET, AF_INET6
from typing import TypeVar

from attrs import frozen

from netns import rtnetlink
from netns.netlink import NLM_F_DUMP, Message, Netlink, NetlinkError, Reply, attributes, each_attribute, text
from netns.rtnetlink import (
    ARPHRD_ETHER,
    IFA_ADDRESS,
    IFA_LOCAL,
    IFADDRMSG,
    IFF_LOWER_UP,
    IFF_UP,
    IFINFOMSG,
    IFLA_ADDRESS,
    IFLA_IFNAME,
    IFLA_INFO_KIND,
    IFLA_LINK,
    IFLA_LINK_NETNSID,
    IFLA_LINKINFO,
    IFLA_MASTER,
    IFLA_MTU,
    IFLA_PARENT_DEV_BUS_NAME,
    IFLA_PARENT_DEV_NAME,
    IFLA_XDP,
    IFLA_XDP_PROG_ID,
    NDA_CACHEINFO,
    NDA_CACHEINFO_UPDATED,
    NDA_DST,
    NDA_LLADDR,
    NDMSG,
    NUD_FAILED,
    NUD_NOARP,
    NUD_PERMANENT,
    RT_TABLE_LOCAL,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTA_OIF,
    RTM_GETADDR,
    RTM_GETNEIGH,
    RTM_GETROUTE,
    RTMSG,
    RTN_UNICAST,
)
from netns.wiring import INNER_LINK, INNER_MAC, METADATA_IPV4, METADATA_IPV6, Neighbour

T = TypeVar("T")

INNER_ADDRESSES: tuple[IPv4Interface | IPv6Interface, ...] = (
    IPv4Interface(METADATA_IPV4),
    *(IPv6Interface((each, 64 if each.is_link_local else 128)) for each in METADATA_IPV6),
)


_READ = frozenset(
    (
        IFLA_ADDRESS,
        IFLA_IFNAME,
        IFLA_LINK,
        IFLA_LINKINFO,
        IFLA_LINK_NETNSID,
        IFLA_MASTER,
        IFLA_MTU,
        IFLA_PARENT_DEV_BUS_NAME,
        IFLA_PARENT_DEV_NAME,
    )
)
"""What is read of a link."""


@frozen(kw_only=True)
class HostLink:
    """What one message says of a link of the host.

    Attributes:
        kind: "tun", "veth", "bridge"…; empty for hardware and for a few old drivers.
        parent: the bus and device that it stands on, "pci 0000:00:03.0"; empty for a virtual one.
        peer: the index of a veth's other end; 0 for one that has none.
        peer_namespace: the number that this namespace knows the other end's by; None where it is the same.
        has_carrier: whether there is somebody at the other end: of a tap, who has it open.
        master: the index of the bridge that it is on; 0 for none.
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
    has_carrier: bool = False
    master: int = 0


def identity(reply: Reply) -> tuple[int, str]:
    """Index and name of a link: all of it that is needed of most, and the name stands first."""
    _, _, index, _, _ = IFINFOMSG.unpack_from(reply.payload)
    _, name = next(each_attribute(reply.payload, IFINFOMSG.size, (IFLA_IFNAME,)))
    return index, text(name)


def read(reply: Reply) -> HostLink:
    """A link from an RTM_NEWLINK or RTM_DELLINK. Source: linux/if_link.h."""
    _, hardware, index, flags, _ = IFINFOMSG.unpack_from(reply.payload)
    found = attributes(reply.payload, IFINFOMSG.size, _READ)
    kind = attributes(found[IFLA_LINKINFO], 0).get(IFLA_INFO_KIND) if IFLA_LINKINFO in found else None
    parent = (found[each] for each in (IFLA_PARENT_DEV_BUS_NAME, IFLA_PARENT_DEV_NAME) if each in found)
    return HostLink(
        name=text(found[IFLA_IFNAME]),
        index=index,
        mtu=_number(found, IFLA_MTU, 0),
        is_ethernet=hardware == ARPHRD_ETHER,
        kind=text(kind) if kind else "",
        parent=" ".join(text(each) for each in parent),
        peer=_number(found, IFLA_LINK, 0),
        peer_namespace=_number(found, IFLA_LINK_NETNSID, None),
        is_up=bool(flags & IFF_UP),
        address=found.get(IFLA_ADDRESS, b"").hex(":"),
        has_carrier=bool(flags & IFF_LOWER_UP),
        master=_number(found, IFLA_MASTER, 0),
    )


def _number(found: Mapping[int, bytes], kind: int, otherwise: T) -> int | T:
    return struct.unpack("=i", found[kind])[0] if kind in found else otherwise


def find(netlink: Netlink, name: str) -> HostLink | None:
    """One link of the host by its name."""
    try:
        (reply,) = netlink.ask(rtnetlink.get_link(name))
    except NetlinkError as error:
        if error.code == errno.ENODEV:
            return None
        raise
    return read(reply)


def dump(netlink: Netlink) -> list[Reply]:
    """All links of the host, to be read."""
    return netlink.ask(rtnetlink.get_links(NLM_F_DUMP))


def find_all(netlink: Netlink, names: Container[str]) -> dict[str, HostLink]:
    """Those links of the host that have one of these names."""
    named = ((identity(reply)[1], reply) for reply in dump(netlink))
    return {name: read(reply) for name, reply in named if name in names}


def addition(name: str, mtu: int, namespace: int) -> Message:
    """Make a veth whose other end, the inner link, is born in a namespace given by its descriptor."""
    inner = rtnetlink.name(INNER_LINK), rtnetlink.mac(INNER_MAC), rtnetlink.mtu(mtu)
    return rtnetlink.new_veth(name, mtu, namespace, *inner)


def furnishing(netlink: Netlink, mtu: int) -> list[Message]:
    """What the inner link needs, in the namespace that the socket is in: MTU, addresses, routes."""
    inner = find(netlink, INNER_LINK)
    if inner is None:
        raise NetlinkError(errno.ENODEV, detail=f"{INNER_LINK} is gone")
    return [
        rtnetlink.set_up("lo"),
        rtnetlink.set_up(INNER_LINK, rtnetlink.mtu(mtu), rtnetlink.mac(INNER_MAC)),
        *(rtnetlink.new_address(inner.index, each) for each in INNER_ADDRESSES),
        *(rtnetlink.new_default_route(inner.index, each) for each in (AF_INET, AF_INET6)),
    ]


def addresses(netlink: Netlink, index: int) -> Iterator[IPv4Interface | IPv6Interface]:
    """The addresses of a link."""
    yield from (each for each, of in all_addresses(netlink) if of == index)


def all_addresses(netlink: Netlink) -> Iterator[tuple[IPv4Interface | IPv6Interface, int]]:
    """Those of all links, and the index of the link. Source: struct ifaddrmsg, linux/if_addr.h."""
    for reply in netlink.ask(Message(RTM_GETADDR, NLM_F_DUMP, bytes(IFADDRMSG.size))):
        _, prefix_bits, _, _, index = IFADDRMSG.unpack_from(reply.payload)
        found = attributes(reply.payload, IFADDRMSG.size)
        yield ip_interface((found.get(IFA_LOCAL, found[IFA_ADDRESS]), prefix_bits)), index


def neighbour(netlink: Netlink, address: IPv4Address | IPv6Address) -> str | None:
    """The hardware address that a neighbour has said is its; None if none has."""
    return next((each.mac for each in neighbours(netlink) if each.address == address), None)


def neighbours(netlink: Netlink) -> Iterator[Neighbour]:
    """Those who have said what their hardware address is. Source: linux/neighbour.h."""
    for reply in netlink.ask(Message(RTM_GETNEIGH, NLM_F_DUMP, bytes(NDMSG.size))):
        _, _, state, _, _ = NDMSG.unpack_from(reply.payload)
        found = attributes(reply.payload, NDMSG.size)
        if NDA_LLADDR in found and not state & (NUD_FAILED | NUD_NOARP | NUD_PERMANENT):
            (hundredths,) = NDA_CACHEINFO_UPDATED.unpack(found[NDA_CACHEINFO])
            yield Neighbour(ip_address(found[NDA_DST]), found[NDA_LLADDR].hex(":"), hundredths / 100)


def families_routed(netlink: Netlink, index: int) -> Iterator[int]:
    """The families whose default route is on a link itself. Source: struct rtmsg, linux/rtnetlink.h."""
    for reply in netlink.ask(Message(RTM_GETROUTE, NLM_F_DUMP, bytes(RTMSG.size))):
        family, destination_bits, _, _, table, _, _, kind, _ = RTMSG.unpack_from(reply.payload)
        if (destination_bits, table, kind) == (0, RT_TABLE_MAIN, RTN_UNICAST):
            found = attributes(reply.payload, RTMSG.size)
            if RTA_GATEWAY not in found and index == _number(found, RTA_OIF, 0):
                yield family


def routed_to(netlink: Netlink, address: IPv4Address | IPv6Address) -> Iterator[int]:
    """The indices of the links that routes to one address lead to; 0 for one that leads to none.

    What the kernel itself makes for an address of the host is left out. Source: linux/rtnetlink.h.
    """
    for reply in netlink.ask(Message(RTM_GETROUTE, NLM_F_DUMP, bytes(RTMSG.size))):
        _, destination_bits, _, _, table, _, _, _, _ = RTMSG.unpack_from(reply.payload)
        if destination_bits == address.max_prefixlen and table != RT_TABLE_LOCAL:
            found = attributes(reply.payload, RTMSG.size)
            if found.get(RTA_DST) == address.packed:
                yield _number(found, RTA_OIF, 0)


def xdp_program(reply: Reply) -> int:
    """The number of the XDP program that sees a link's frames; 0 without one. Source: linux/if_link.h."""
    found = attributes(reply.payload, IFINFOMSG.size, (IFLA_XDP,))
    return _number(attributes(found[IFLA_XDP], 0), IFLA_XDP_PROG_ID, 0) if IFLA_XDP in found else 0
