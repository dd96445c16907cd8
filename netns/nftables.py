"""The steering of frames between a VM's port and its namespace: one nftables table per interface.

    table netdev eve-meta-tap0 {
        comment "steers 12-13, layout 4"
        set senders-4 { type ipv4_addr; size 64; flags dynamic,timeout; timeout 10s }
        set senders-6 { type ipv6_addr; size 64; flags dynamic,timeout; timeout 10s }
        chain from-guest {
            type filter hook ingress device "tap0" priority -500; policy drop;
            ip daddr != 169.254.169.254 accept
            meta l4proto != ipv6-icmp ip6 daddr != { fe80::a9fe:a9fe, fd00:ec2::254 } accept
            ether type 8021q vlan id & 0xfff != 0 accept
            ether type 8021ad vlan id & 0xfff != 0 accept
            meta protocol != { ip, arp, ip6, 8021q, 8021ad } accept
            arp daddr ip != 169.254.169.254 accept
            icmpv6 type nd-neighbor-solicit icmpv6 taddr fe80::a9fe:a9fe update @senders-6 { ip6 saddr }
                ether daddr set 02:00:a9:fe:a9:fe fwd to "evm…"
            icmpv6 type nd-neighbor-solicit icmpv6 taddr fe80::a9fe:a9fe drop
            and the same two for fd00:ec2::254
            ip6 daddr != { fe80::a9fe:a9fe, fd00:ec2::254 } accept
            meta protocol ip update @senders-4 { ip saddr } ether daddr set … fwd to "evm…"
            meta protocol arp update @senders-4 { arp saddr ip } …
            meta protocol ip6 update @senders-6 { ip6 saddr } …
        }
        chain to-guest {
            type filter hook ingress device "evm…" priority -500; policy drop;
            fwd to "tap0"
        }
    }

Why what stands in the first chain: see `steered.py`.
The `nft` program is not called: it lists every table first, 137 ms a call at 200 VMs where this takes 2 ms at
any number. Source: linux/netfilter/nf_tables.h, Linux 6.18; the hook runs before a bridge's or Open vSwitch's
(__netif_receive_skb_core() in net/core/dev.c).
"""

import re
import struct
from collections.abc import Iterator

from netns import steered
from netns.expressions import DROP, forward, number, string
from netns.names import interface_of, link_of, namespace_of
from netns.netlink import (
    NLM_F_ACK,
    NLM_F_APPEND,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_EXCL,
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
from netns.nf_tables import (
    NFGENMSG,
    NFNL_SUBSYS_NFTABLES,
    NFPROTO_NETDEV,
    NFT_MSG_DELTABLE,
    NFT_MSG_GETGEN,
    NFT_MSG_GETTABLE,
    NFT_MSG_NEWCHAIN,
    NFT_MSG_NEWRULE,
    NFT_MSG_NEWSET,
    NFT_MSG_NEWTABLE,
    batch,
)
from netns.wiring import Steering

_LAYOUT = 4
"""Raised with every change of what stands in the namespace or the table: the next start then renews them."""

_MARK = re.compile(rf"steers (\d+)-(\d+), layout {_LAYOUT}")

_NFTA_TABLE_NAME, _NFTA_TABLE_USERDATA = 1, 6
_NFTA_CHAIN_TABLE, _NFTA_CHAIN_NAME, _NFTA_CHAIN_HOOK, _NFTA_CHAIN_POLICY, _NFTA_CHAIN_TYPE = 1, 3, 4, 5, 7
_NFTA_HOOK_HOOKNUM, _NFTA_HOOK_PRIORITY, _NFTA_HOOK_DEV = 1, 2, 3
_NFTA_RULE_TABLE, _NFTA_RULE_CHAIN, _NFTA_RULE_EXPRESSIONS = 1, 2, 4
_NFTA_SET_TABLE, _NFTA_SET_NAME, _NFTA_SET_FLAGS, _NFTA_SET_KEY_TYPE, _NFTA_SET_KEY_LEN = 1, 2, 3, 4, 5
_NFTA_SET_DESC, _NFTA_SET_ID, _NFTA_SET_TIMEOUT, _NFTA_SET_GC_INTERVAL = 9, 10, 11, 12
_NFTA_SET_DESC_SIZE = 1
_NFT_SET_TIMEOUT, _NFT_SET_EVAL = 0x10, 0x20
_USERDATA_COMMENT = 0
_NF_NETDEV_INGRESS = 0
PRIORITY = -500
"""Of our hooks: what has a lower one sees frames before, and so does what has the same and is younger."""


def addition(interface: str, steering: Steering) -> list[Message]:
    """The batch that makes an interface's table; refused with EEXIST where there is one."""
    return batch(*_whole_table(interface, steering))


def replacement(interface: str, steering: Steering) -> list[Message]:
    """The batch that makes an interface's table in place of the one that there is."""
    return batch(_table_removal(interface), *_whole_table(interface, steering))


def _whole_table(interface: str, steering: Steering) -> Iterator[Message]:
    table, link = namespace_of(interface), link_of(interface)
    yield from (
        _table(table, steering),
        *(_set(table, name, *key) for name, key in steered.SETS.items()),
        _chain(table, "from-guest", interface),
        _chain(table, "to-guest", link),
        *(_rule(table, "from-guest", each) for each in steered.rules(steering.link)),
        _rule(table, "to-guest", forward(steering.port)),
    )


def removal(interface: str) -> list[Message]:
    """The batch that removes an interface's table."""
    return batch(_table_removal(interface))


def find(netlink: Netlink, interface: str) -> Steering | None:
    """What an interface's table steers between, None without a table.

    A table of another layout, or without our mark, steers between nothing: Steering(0, 0).
    """
    question = _nft(NFT_MSG_GETTABLE, 0, attribute(_NFTA_TABLE_NAME, string(namespace_of(interface))))
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


def interface_unsteered_by(announcement: Reply) -> str | None:
    """The interface whose table an announcement says is gone; None if it says something else."""
    if announcement.type != NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE:
        return None
    found = attributes(announcement.payload, NFGENMSG.size)
    return interface_of(text(found[_NFTA_TABLE_NAME]))


def _table_removal(interface: str) -> Message:
    return _nft(NFT_MSG_DELTABLE, NLM_F_ACK, attribute(_NFTA_TABLE_NAME, string(namespace_of(interface))))


def _table(name: str, steering: Steering) -> Message:
    comment = string(f"steers {steering.port}-{steering.link}, layout {_LAYOUT}")
    return _nft(
        NFT_MSG_NEWTABLE,
        NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
        attribute(_NFTA_TABLE_NAME, string(name)),
        attribute(_NFTA_TABLE_USERDATA, bytes([_USERDATA_COMMENT, len(comment)]) + comment),
    )


def _set(table: str, name: str, key_type: int, key_bytes: int) -> Message:
    """A set that rules put addresses into, each for a while.

    What is old is looked for now and then by a worker of the kernel: 2000 interfaces have 4000 sets.
    """
    return _nft(
        NFT_MSG_NEWSET,
        NLM_F_ACK | NLM_F_CREATE,
        attribute(_NFTA_SET_TABLE, string(table)),
        attribute(_NFTA_SET_NAME, string(name)),
        number(_NFTA_SET_FLAGS, _NFT_SET_TIMEOUT | _NFT_SET_EVAL),
        number(_NFTA_SET_KEY_TYPE, key_type),
        number(_NFTA_SET_KEY_LEN, key_bytes),
        nest(_NFTA_SET_DESC, number(_NFTA_SET_DESC_SIZE, steered.MAX_SENDERS)),
        number(_NFTA_SET_ID, key_type),
        attribute(_NFTA_SET_TIMEOUT, struct.pack(">Q", steered.SENDER_SECONDS * 1000)),
        number(_NFTA_SET_GC_INTERVAL, steered.SENDER_SECONDS * 1000),
    )


def _chain(table: str, name: str, device: str) -> Message:
    hook = (
        number(_NFTA_HOOK_HOOKNUM, _NF_NETDEV_INGRESS),
        number(_NFTA_HOOK_PRIORITY, PRIORITY),
        attribute(_NFTA_HOOK_DEV, string(device)),
    )
    return _nft(
        NFT_MSG_NEWCHAIN,
        NLM_F_ACK | NLM_F_CREATE,
        attribute(_NFTA_CHAIN_TABLE, string(table)),
        attribute(_NFTA_CHAIN_NAME, string(name)),
        nest(_NFTA_CHAIN_HOOK, *hook),
        attribute(_NFTA_CHAIN_TYPE, string("filter")),
        number(_NFTA_CHAIN_POLICY, DROP),
    )


def _rule(table: str, chain: str, expressions: bytes) -> Message:
    return _nft(
        NFT_MSG_NEWRULE,
        NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND,
        attribute(_NFTA_RULE_TABLE, string(table)),
        attribute(_NFTA_RULE_CHAIN, string(chain)),
        nest(_NFTA_RULE_EXPRESSIONS, expressions),
    )


def _nft(kind: int, flags: int, *content: bytes) -> Message:
    payload = NFGENMSG.pack(NFPROTO_NETDEV, 0, 0) + b"".join(content)
    return Message(NFNL_SUBSYS_NFTABLES << 8 | kind, flags, payload)


def _read(reply: Reply) -> tuple[str, Steering]:
    found = attributes(reply.payload, NFGENMSG.size)
    comment = text(found.get(_NFTA_TABLE_USERDATA, b"")[2:])
    mark = _MARK.fullmatch(comment)
    return text(found[_NFTA_TABLE_NAME]), Steering(*map(int, mark.groups())) if mark else Steering(0, 0)
