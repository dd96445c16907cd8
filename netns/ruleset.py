"""The host's nftables as others have made it: chains that see a link's frames, rules that name an address.

What iptables and ebtables of the new kind have made is among it.
Source: linux/netfilter/nf_tables.h, linux/netfilter.h, Linux 6.18.
"""

import socket
import struct
from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address

from attrs import frozen

from netns.expressions import DROP, number
from netns.names import interface_of
from netns.netlink import (
    NLM_F_DUMP,
    Message,
    Netlink,
    Reply,
    attributes,
    each_attribute,
    text,
)
from netns.nf_tables import (
    NFGENMSG,
    NFNL_SUBSYS_NFTABLES,
    NFPROTO_NETDEV,
    NFT_MSG_GETCHAIN,
    NFT_MSG_GETRULE,
)

_INET = 1
_FAMILIES = {_INET: "inet", 2: "ip", 3: "arp", NFPROTO_NETDEV: "netdev", 7: "bridge", 10: "ip6"}
_DIRECTIONS = {(NFPROTO_NETDEV, 0): "ingress", (NFPROTO_NETDEV, 1): "egress", (_INET, 5): "ingress"}

_NFTA_CHAIN_TABLE, _NFTA_CHAIN_NAME, _NFTA_CHAIN_HOOK, _NFTA_CHAIN_POLICY = 1, 3, 4, 5
_NFTA_HOOK_HOOKNUM, _NFTA_HOOK_PRIORITY, _NFTA_HOOK_DEV, _NFTA_HOOK_DEVS = 1, 2, 3, 4
_NFTA_RULE_TABLE, _NFTA_RULE_CHAIN, _NFTA_RULE_EXPRESSIONS = 1, 2, 4
_NUMBER = struct.Struct(">i")

_NFTA_VERDICT_CODE = 1
_TAKING = (number(_NFTA_VERDICT_CODE, DROP), b"fwd\0", b"queue\0", b"reject\0")
"""What stands in a rule after which a frame may not go on: a verdict, or an expression's name."""


@frozen
class Table:
    """A table of somebody else's."""

    family: str
    name: str

    def __str__(self) -> str:
        return f"{self.family} {self.name}"


@frozen(kw_only=True)
class Hook:
    """A chain that sees each frame of some links.

    Attributes:
        links: their names.
        direction: "ingress" or "egress".
        priority: the lower, the earlier.
        takes: whether it, or another chain of its table, may take frames away.
    """

    links: frozenset[str]
    table: Table
    chain: str
    direction: str
    priority: int
    takes: bool


def hooks(netlink: Netlink) -> Iterator[Hook]:
    """The chains of others that see each frame of links."""
    taking = {
        table for table, _, expressions in _rules(netlink) if any(each in expressions for each in _TAKING)
    }
    for reply in netlink.ask(_dump(NFT_MSG_GETCHAIN)):
        found = attributes(reply.payload, NFGENMSG.size)
        table = _table(reply, found[_NFTA_CHAIN_TABLE])
        if table is None or _NFTA_CHAIN_HOOK not in found:
            continue
        hook = attributes(found[_NFTA_CHAIN_HOOK], 0)
        direction = _DIRECTIONS.get((reply.payload[0], _number(hook[_NFTA_HOOK_HOOKNUM])))
        if direction:
            yield Hook(
                links=frozenset(_devices(hook)),
                table=table,
                chain=text(found[_NFTA_CHAIN_NAME]),
                direction=direction,
                priority=_number(hook[_NFTA_HOOK_PRIORITY]),
                takes=table in taking or _number(found[_NFTA_CHAIN_POLICY]) == DROP,
            )


def naming(
    netlink: Netlink, addresses: Collection[IPv4Address | IPv6Address]
) -> Iterator[tuple[str, IPv4Address | IPv6Address]]:
    """The chains with a rule that names one of some addresses, as "ip nat PREROUTING"; each once.

    Those that see a link's frames before the host does are left out: see `hooks`.
    """
    named = (
        (f"{table} {chain}", each)
        for table, chain, expressions in _rules(netlink)
        for each in addresses
        if table.family != "netdev" and each.packed in expressions
    )
    yield from dict.fromkeys(named)


def _rules(netlink: Netlink) -> Iterator[tuple[Table, str, bytes]]:
    for reply in netlink.ask(_dump(NFT_MSG_GETRULE)):
        found = attributes(reply.payload, NFGENMSG.size)
        if table := _table(reply, found[_NFTA_RULE_TABLE]):
            yield table, text(found[_NFTA_RULE_CHAIN]), found.get(_NFTA_RULE_EXPRESSIONS, b"")


def _table(reply: Reply, name: bytes) -> Table | None:
    """None for one of ours."""
    family = _FAMILIES.get(reply.payload[0], "unknown")
    is_ours = family == "netdev" and interface_of(text(name)) is not None
    return None if is_ours else Table(family, text(name))


def _devices(hook: dict[int, bytes]) -> list[str]:
    """Of several there is a list. Source: nft_dump_basechain_hook() in net/netfilter/nf_tables_api.c."""
    several = (text(each) for _, each in each_attribute(hook.get(_NFTA_HOOK_DEVS, b""), 0))
    return [*several, *([text(hook[_NFTA_HOOK_DEV])] if _NFTA_HOOK_DEV in hook else [])]


def _number(value: bytes) -> int:
    return int(_NUMBER.unpack(value)[0])


def _dump(kind: int) -> Message:
    return Message(NFNL_SUBSYS_NFTABLES << 8 | kind, NLM_F_DUMP, NFGENMSG.pack(socket.AF_UNSPEC, 0, 0))
