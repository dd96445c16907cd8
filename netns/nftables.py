"""The steering of frames between a VM's port and its namespace: one nftables table per interface.

    table netdev eve-meta-tap0 {
        comment "steers 12-13, layout 2"
        chain from-guest {
            type filter hook ingress device "tap0" priority -500; policy accept;
            ether type 8021q vlan id & 0xfff != 0 accept
            ether type 8021ad vlan id & 0xfff != 0 accept
            meta protocol 8021q drop
            meta protocol 8021ad drop
            meta protocol ip ip daddr 169.254.169.254 ether daddr set 02:00:a9:fe:a9:fe fwd to "evm…"
            meta protocol arp arp daddr ip 169.254.169.254 …
            meta protocol ip6 ip6 daddr fe80::a9fe:a9fe …
            meta protocol ip6 ip6 daddr fd00:ec2::254 …
            meta protocol ip6 icmpv6 type nd-neighbor-solicit icmpv6 taddr fe80::a9fe:a9fe …
            meta protocol ip6 icmpv6 type nd-neighbor-solicit icmpv6 taddr fd00:ec2::254 …
        }
        chain to-guest {
            type filter hook ingress device "evm…" priority -500; policy drop;
            fwd to "tap0"
        }
    }

Why set the destination: a guest with a default gateway sends to the gateway's hardware address, and the
namespace would drop that as somebody else's.
A frame of a VLAN goes on as before. One with a priority tag, of VLAN 0, is of none: a host takes the tag off,
and off what is in it, however many there are, and would take the packet for its own 169.254.169.254. So it is
steered as one without, and dropped if there is another tag in it. The hook sees a frame without its outermost
tag, but that is there again for who reads the link's header. Source: IEEE 802.1Q-2022, 6.9; check_vlan_id in
net/core/dev.c, nft_payload_copy_vlan() in net/netfilter/nft_payload.c, Linux 6.18.
The `nft` program is not called: it lists every table first, 137 ms a call at 200 VMs where this takes 2 ms at
any number. Source: linux/netfilter/nf_tables.h, Linux 6.18; the hook runs before a bridge's or Open vSwitch's
(__netif_receive_skb_core() in net/core/dev.c).
"""

import re
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address

from pyroute2.netlink.nfnetlink import NFNL_SUBSYS_NFTABLES
from pyroute2.netlink.nfnetlink.nftsocket import (
    NFPROTO_NETDEV,
    NFT_MSG_DELTABLE,
    NFT_MSG_GETGEN,
    NFT_MSG_GETTABLE,
    NFT_MSG_NEWCHAIN,
    NFT_MSG_NEWRULE,
    NFT_MSG_NEWTABLE,
    Cmp,
    Meta,
    Regs,
)

from netns.names import interface_of, link_of, namespace_of
from netns.netlink import (
    NLM_F_ACK,
    NLM_F_APPEND,
    NLM_F_CREATE,
    NLM_F_DUMP,
    Message,
    Netlink,
    NetlinkError,
    Reply,
    attribute,
    attributes,
    is_absent,
    nest,
    text,
)
from netns.wiring import INNER_MAC, METADATA_IPV4, METADATA_IPV6, Steering

_LAYOUT = 2
"""Raised with every change of what stands in the namespace or the table: the next start then renews them."""

_MARK = re.compile(rf"steers (\d+)-(\d+), layout {_LAYOUT}")

_BATCH_BEGIN = 0x10
_BATCH_END = 0x11
_NFGENMSG = struct.Struct(">BBH")
_NFTA_LIST_ELEM = 1
_NFTA_TABLE_NAME, _NFTA_TABLE_USERDATA = 1, 6
_NFTA_CHAIN_TABLE, _NFTA_CHAIN_NAME, _NFTA_CHAIN_HOOK, _NFTA_CHAIN_POLICY, _NFTA_CHAIN_TYPE = 1, 3, 4, 5, 7
_NFTA_HOOK_HOOKNUM, _NFTA_HOOK_PRIORITY, _NFTA_HOOK_DEV = 1, 2, 3
_NFTA_RULE_TABLE, _NFTA_RULE_CHAIN, _NFTA_RULE_EXPRESSIONS = 1, 2, 4
_NFTA_EXPR_NAME, _NFTA_EXPR_DATA = 1, 2
_NFTA_DATA_VALUE, _NFTA_DATA_VERDICT = 1, 2
_NFTA_VERDICT_CODE = 1
_NFTA_BITWISE_SREG, _NFTA_BITWISE_DREG, _NFTA_BITWISE_LEN, _NFTA_BITWISE_MASK, _NFTA_BITWISE_XOR = (
    1,
    2,
    3,
    4,
    5,
)
_NFTA_CMP_SREG, _NFTA_CMP_OP, _NFTA_CMP_DATA = 1, 2, 3
_NFTA_PAYLOAD_DREG, _NFTA_PAYLOAD_BASE, _NFTA_PAYLOAD_OFFSET, _NFTA_PAYLOAD_LEN, _NFTA_PAYLOAD_SREG = (
    1,
    2,
    3,
    4,
    5,
)
_NFTA_META_DREG, _NFTA_META_KEY = 1, 2
_NFTA_IMMEDIATE_DREG, _NFTA_IMMEDIATE_DATA = 1, 2
_NFTA_FWD_SREG_DEV = 1
_USERDATA_COMMENT = 0
_NF_NETDEV_INGRESS = 0
_PRIORITY = -500
_NF_DROP, _NF_ACCEPT = 0, 1

_LINK_HEADER, _NETWORK_HEADER, _TRANSPORT_HEADER = 0, 1, 2
_IPPROTO_ICMPV6 = bytes([socket.IPPROTO_ICMPV6])
_ND_NEIGHBOR_SOLICIT = bytes([135])

_IPV4, _ARP, _IPV6 = (each.to_bytes(2, "big") for each in (0x0800, 0x0806, 0x86DD))
_TAGS = tuple(each.to_bytes(2, "big") for each in (0x8100, 0x88A8))
_VLAN_NUMBER = b"\x0f\xff"


def replacement(interface: str, steering: Steering, *, exists: bool) -> list[Message]:
    """The batch that makes an interface's table, in place of one that exists."""
    table, link = namespace_of(interface), link_of(interface)
    return _batch(
        *([_table(NFT_MSG_DELTABLE, table)] if exists else []),
        _table(NFT_MSG_NEWTABLE, table, steering),
        _chain(table, "from-guest", interface, _NF_ACCEPT),
        _chain(table, "to-guest", link, _NF_DROP),
        *(_rule(table, "from-guest", each + _verdict(_NF_ACCEPT)) for each in _frames_of_vlans()),
        *(_rule(table, "from-guest", each + _verdict(_NF_DROP)) for each in _frames_with_further_tags()),
        *(_rule(table, "from-guest", each + _forward(steering.link)) for each in _metadata_frames()),
        _rule(table, "to-guest", _forward_unchanged(steering.port)),
    )


def removal(interface: str) -> list[Message]:
    """The batch that removes an interface's table."""
    return _batch(_table(NFT_MSG_DELTABLE, namespace_of(interface)))


def find(netlink: Netlink, interface: str) -> Steering | None:
    """What an interface's table steers between, None without a table.

    A table of another layout, or without our mark, steers between nothing: Steering(0, 0).
    """
    question = _nft(NFT_MSG_GETTABLE, 0, attribute(_NFTA_TABLE_NAME, _string(namespace_of(interface))))
    try:
        (reply,) = netlink.ask(question)
    except NetlinkError as error:
        if is_absent(error):
            return None
        raise
    return _read(reply)[1]


def find_all(netlink: Netlink) -> Iterator[tuple[str, Steering]]:
    """The interfaces that have a table of ours, and what each steers between."""
    for reply in netlink.ask(_nft(NFT_MSG_GETTABLE, NLM_F_DUMP)):
        name, steering = _read(reply)
        if interface := interface_of(name):
            yield interface, steering


def is_supported(netlink: Netlink) -> bool:
    """Whether the kernel has nf_tables."""
    try:
        return bool(netlink.ask(_nft(NFT_MSG_GETGEN, 0)))
    except NetlinkError:
        return False


def _frames_of_vlans() -> Iterator[bytes]:
    for each in _TAGS:
        number = _payload(_NFTA_PAYLOAD_DREG, _LINK_HEADER, 14, 2) + _masked(_VLAN_NUMBER)
        yield _has(_LINK_HEADER, 12, each) + number + _compared(Cmp.NFT_CMP_NEQ, bytes(2))


def _frames_with_further_tags() -> Iterator[bytes]:
    yield from map(_carries, _TAGS)


def _metadata_frames() -> Iterator[bytes]:
    ipv4 = METADATA_IPV4.packed
    yield _carries(_IPV4) + _has(_NETWORK_HEADER, 16, ipv4)
    yield _carries(_ARP) + _has(_NETWORK_HEADER, 24, ipv4)
    for each in METADATA_IPV6:
        yield _carries(_IPV6) + _has(_NETWORK_HEADER, 24, each.packed)
    for each in METADATA_IPV6:
        yield _carries(_IPV6) + _solicits(each)


def _solicits(address: IPv6Address) -> bytes:
    """A neighbour solicitation goes to a multicast address: what it asks for tells. Source: RFC 4861, 4.3."""
    return (
        _meta(Meta.NFT_META_L4PROTO)
        + _equals(_IPPROTO_ICMPV6)
        + _has(_TRANSPORT_HEADER, 0, _ND_NEIGHBOR_SOLICIT)
        + _has(_TRANSPORT_HEADER, 8, address.packed)
    )


def _carries(ether_type: bytes) -> bytes:
    """Under the outermost tag, if there is one."""
    return _meta(Meta.NFT_META_PROTOCOL) + _equals(ether_type)


def _meta(key: int) -> bytes:
    return _expression("meta", _number(_NFTA_META_DREG, Regs.NFT_REG_1), _number(_NFTA_META_KEY, key))


def _has(base: int, offset: int, value: bytes) -> bytes:
    return _payload(_NFTA_PAYLOAD_DREG, base, offset, len(value)) + _equals(value)


def _equals(value: bytes) -> bytes:
    return _compared(Cmp.NFT_CMP_EQ, value)


def _compared(operation: int, value: bytes) -> bytes:
    return _expression(
        "cmp",
        _number(_NFTA_CMP_SREG, Regs.NFT_REG_1),
        _number(_NFTA_CMP_OP, operation),
        nest(_NFTA_CMP_DATA, attribute(_NFTA_DATA_VALUE, value)),
    )


def _masked(mask: bytes) -> bytes:
    return _expression(
        "bitwise",
        _number(_NFTA_BITWISE_SREG, Regs.NFT_REG_1),
        _number(_NFTA_BITWISE_DREG, Regs.NFT_REG_1),
        _number(_NFTA_BITWISE_LEN, len(mask)),
        nest(_NFTA_BITWISE_MASK, attribute(_NFTA_DATA_VALUE, mask)),
        nest(_NFTA_BITWISE_XOR, attribute(_NFTA_DATA_VALUE, bytes(len(mask)))),
    )


def _verdict(code: int) -> bytes:
    verdict = nest(_NFTA_DATA_VERDICT, _number(_NFTA_VERDICT_CODE, code))
    return _expression(
        "immediate",
        _number(_NFTA_IMMEDIATE_DREG, Regs.NFT_REG_VERDICT),
        nest(_NFTA_IMMEDIATE_DATA, verdict),
    )


def _forward(link: int) -> bytes:
    """Address a frame to the inner link, then send it there."""
    mac = bytes.fromhex(INNER_MAC.replace(":", ""))
    return (
        _immediate(mac) + _payload(_NFTA_PAYLOAD_SREG, _LINK_HEADER, 0, len(mac)) + _forward_unchanged(link)
    )


def _forward_unchanged(link: int) -> bytes:
    return _immediate(struct.pack("=I", link)) + _expression(
        "fwd", _number(_NFTA_FWD_SREG_DEV, Regs.NFT_REG_1)
    )


def _payload(direction: int, base: int, offset: int, length: int) -> bytes:
    """Load a part of a header into the register, or store the register there."""
    return _expression(
        "payload",
        _number(direction, Regs.NFT_REG_1),
        _number(_NFTA_PAYLOAD_BASE, base),
        _number(_NFTA_PAYLOAD_OFFSET, offset),
        _number(_NFTA_PAYLOAD_LEN, length),
    )


def _immediate(value: bytes) -> bytes:
    return _expression(
        "immediate",
        _number(_NFTA_IMMEDIATE_DREG, Regs.NFT_REG_1),
        nest(_NFTA_IMMEDIATE_DATA, attribute(_NFTA_DATA_VALUE, value)),
    )


def interface_unsteered_by(announcement: Reply) -> str | None:
    """The interface whose table an announcement says is gone; None if it says something else."""
    if announcement.type != NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE:
        return None
    found = attributes(announcement.payload, _NFGENMSG.size)
    return interface_of(text(found[_NFTA_TABLE_NAME]))


def _expression(name: str, *settings: bytes) -> bytes:
    content = attribute(_NFTA_EXPR_NAME, _string(name)), nest(_NFTA_EXPR_DATA, *settings)
    return nest(_NFTA_LIST_ELEM, *content)


def _table(kind: int, name: str, steering: Steering | None = None) -> Message:
    content = attribute(_NFTA_TABLE_NAME, _string(name))
    if steering:
        comment = _string(f"steers {steering.port}-{steering.link}, layout {_LAYOUT}")
        content += attribute(_NFTA_TABLE_USERDATA, bytes([_USERDATA_COMMENT, len(comment)]) + comment)
    return _nft(kind, NLM_F_ACK | NLM_F_CREATE, content)


def _chain(table: str, name: str, device: str, policy: int) -> Message:
    hook = (
        _number(_NFTA_HOOK_HOOKNUM, _NF_NETDEV_INGRESS),
        _number(_NFTA_HOOK_PRIORITY, _PRIORITY),
        attribute(_NFTA_HOOK_DEV, _string(device)),
    )
    return _nft(
        NFT_MSG_NEWCHAIN,
        NLM_F_ACK | NLM_F_CREATE,
        attribute(_NFTA_CHAIN_TABLE, _string(table)),
        attribute(_NFTA_CHAIN_NAME, _string(name)),
        nest(_NFTA_CHAIN_HOOK, *hook),
        attribute(_NFTA_CHAIN_TYPE, _string("filter")),
        _number(_NFTA_CHAIN_POLICY, policy),
    )


def _rule(table: str, chain: str, expressions: bytes) -> Message:
    return _nft(
        NFT_MSG_NEWRULE,
        NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND,
        attribute(_NFTA_RULE_TABLE, _string(table)),
        attribute(_NFTA_RULE_CHAIN, _string(chain)),
        nest(_NFTA_RULE_EXPRESSIONS, expressions),
    )


def _string(value: str) -> bytes:
    return value.encode() + b"\0"


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">i", value))


def _batch(*messages: Message) -> list[Message]:
    edge = _NFGENMSG.pack(0, 0, NFNL_SUBSYS_NFTABLES)
    return [Message(_BATCH_BEGIN, 0, edge), *messages, Message(_BATCH_END, 0, edge)]


def _nft(kind: int, flags: int, *content: bytes) -> Message:
    payload = _NFGENMSG.pack(NFPROTO_NETDEV, 0, 0) + b"".join(content)
    return Message(NFNL_SUBSYS_NFTABLES << 8 | kind, flags, payload)


def _read(reply: Reply) -> tuple[str, Steering]:
    found = attributes(reply.payload, _NFGENMSG.size)
    comment = text(found.get(_NFTA_TABLE_USERDATA, b"")[2:])
    mark = _MARK.fullmatch(comment)
    return text(found[_NFTA_TABLE_NAME]), Steering(*map(int, mark.groups())) if mark else Steering(0, 0)
