"""What the kernel is sent, held against what another project would send."""

import socket
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

import pytest
from pyroute2.netlink import NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, nlmsg
from pyroute2.netlink.rtnl import (
    RTM_DELLINK,
    RTM_GETLINK,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
)
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from netns import links, rtnetlink
from netns.links import INNER_ADDRESSES
from netns.netlink import Message
from netns.wiring import INNER_MAC

HEADER_BYTES = 16
FD, INDEX, MTU = 7, 300, 9000
ADDING = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
REPLACING = NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE


def link(name: str, *attributes: tuple[str, object], **fields: int) -> nlmsg:
    return filled(ifinfmsg(), ("IFLA_IFNAME", name), *attributes, **fields)


def filled(content: Any, *attributes: tuple[str, object], **fields: int) -> Any:
    content["attrs"] = list(attributes)
    for name, value in fields.items():
        content[name] = value
    return content


def veth() -> nlmsg:
    peer = {
        "attrs": [
            ("IFLA_IFNAME", "eth0"),
            ("IFLA_ADDRESS", INNER_MAC),
            ("IFLA_MTU", MTU),
            ("IFLA_NET_NS_FD", FD),
        ]
    }
    data = {"attrs": [("VETH_INFO_PEER", peer)]}
    info = {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}
    return link("evm0", ("IFLA_MTU", MTU), ("IFLA_LINKINFO", info))


def address(text: str, family: int, bits: int, scope: int, flags: int) -> nlmsg:
    attributes = ("IFA_LOCAL", text), ("IFA_ADDRESS", text)
    fields = {"family": family, "prefixlen": bits, "scope": scope, "flags": flags, "index": INDEX}
    return filled(ifaddrmsg(), *attributes, **fields)


def default_route(family: int, scope: int) -> nlmsg:
    fields = {"family": family, "table": 254, "proto": 4, "scope": scope, "type": 1}
    return filled(rtmsg(), ("RTA_OIF", INDEX), **fields)


def assert_same(ours: Message, theirs: Any, kind: int, flags: int) -> None:
    """A message is, byte for byte, the one that pyroute2 makes of the same."""
    theirs.encode()
    assert Message(kind, flags, bytes(theirs.data[HEADER_BYTES:])) == ours


def test_asking() -> None:
    """One link is asked for, or all, without statistics."""
    skipping = ("IFLA_EXT_MASK", 8)
    assert_same(rtnetlink.get_link("tap0"), link("tap0", skipping), RTM_GETLINK, 0)
    everything = filled(ifinfmsg(), skipping)
    assert_same(rtnetlink.get_links(NLM_F_DUMP), everything, RTM_GETLINK, NLM_F_DUMP)


def test_veth() -> None:
    """A veth is made with both its ends."""
    assert_same(links.addition("evm0", MTU, FD), veth(), RTM_NEWLINK, ADDING)


def test_settings() -> None:
    """A link is set up, with an MTU, a MAC and an alias."""
    ours = rtnetlink.mtu(MTU), rtnetlink.mac(INNER_MAC), rtnetlink.alias("x")
    theirs = ("IFLA_MTU", MTU), ("IFLA_ADDRESS", INNER_MAC), ("IFLA_IFALIAS", "x")
    expected = link("evm0", *theirs, flags=1, change=1)
    assert_same(rtnetlink.set_up("evm0", *ours), expected, RTM_NEWLINK, NLM_F_ACK)


def test_removal() -> None:
    """A link is removed by its name."""
    assert_same(rtnetlink.delete_link("evm0"), link("evm0"), RTM_DELLINK, NLM_F_ACK)


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        (INNER_ADDRESSES[0], address("169.254.169.254", socket.AF_INET, 32, 253, 0)),
        (INNER_ADDRESSES[1], address("fe80::a9fe:a9fe", socket.AF_INET6, 64, 0, 2)),
        (INNER_ADDRESSES[2], address("fd00:ec2::254", socket.AF_INET6, 128, 0, 2)),
    ],
)
def test_address(interface: IPv4Interface | IPv6Interface, expected: Any) -> None:
    """An address of IPv6 is not asked for on the wire first."""
    assert_same(rtnetlink.new_address(INDEX, interface), expected, RTM_NEWADDR, REPLACING)


@pytest.mark.parametrize(("family", "scope"), [(socket.AF_INET, 253), (socket.AF_INET6, 0)])
def test_default_route(family: int, scope: int) -> None:
    """Everything is on the link."""
    expected = default_route(family, scope)
    assert_same(rtnetlink.new_default_route(INDEX, family), expected, RTM_NEWROUTE, REPLACING)
