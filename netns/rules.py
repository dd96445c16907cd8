"""The rules that stand in a namespace, to be compared, and to name what differs.

What iptables of the new kind has made is asked of the kernel, in 0.2 ms; where the old kind has tables, it is
asked to save them, in 3 ms. Counters and handles are left out, and so is a chain that does nothing: iptables
makes such by the way. Tables that we write nothing to are of no concern: an operator may trace there.
Source: linux/netfilter/nf_tables.h; iptables-save(8).
"""

import re
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from netns import iptables
from netns.netlink import (
    NETLINK_NETFILTER,
    NLM_F_DUMP,
    Message,
    Netlink,
    Reply,
    attributes,
    each_attribute,
    text,
)
from netns.nf_tables import NFGENMSG, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE

_TABLES = ("nat", "filter")
_FAMILIES = {2: "ip", 10: "ip6"}
_NFTA_CHAIN_TABLE, _NFTA_CHAIN_NAME, _NFTA_CHAIN_POLICY = 1, 3, 5
_NFTA_RULE_TABLE, _NFTA_RULE_CHAIN, _NFTA_RULE_EXPRESSIONS = 1, 2, 4
_COUNTER = b"counter\0"
_ACCEPT = struct.pack(">I", 1)
_COUNTERS = re.compile(r" \[\d+:\d+\]$")


@frozen
class Rules:
    """What stands in a namespace: of nftables by chain, of iptables of the old kind by table."""

    nftables: Mapping[str, object]
    legacy: Mapping[str, object]

    def differing(self, wanted: "Rules") -> tuple[str, ...]:
        """The names of what is not as wanted, of the kinds of which anything is wanted: "ip filter INPUT"."""
        kinds = ((self.nftables, wanted.nftables), (self.legacy, wanted.legacy))
        return tuple(
            name
            for found, expected in kinds
            if expected
            for name in sorted(found.keys() | expected.keys())
            if found.get(name) != expected.get(name)
        )


def read() -> Rules:
    """What stands in the namespace that the calling thread is in.

    Raises:
        NetlinkError, OSError: the kernel refused to tell.
    """
    with Netlink(NETLINK_NETFILTER) as netlink:
        chains = dict(_chains(netlink.ask(_dump(NFT_MSG_GETCHAIN))))
        for chain, rule in _chain_rules(netlink.ask(_dump(NFT_MSG_GETRULE))):
            chains.setdefault(chain, []).append(rule)
    return Rules({name: found for name, found in chains.items() if found != [_ACCEPT]}, dict(legacy()))


def _dump(kind: int) -> Message:
    return Message(NFNL_SUBSYS_NFTABLES << 8 | kind, NLM_F_DUMP, NFGENMSG.pack(socket.AF_UNSPEC, 0, 0))


def _chains(replies: list[Reply]) -> Iterator[tuple[str, list[bytes]]]:
    """Each chain of interest, and its policy as the first of what stands in it."""
    for reply in replies:
        found = attributes(reply.payload, NFGENMSG.size)
        if name := _name(reply, found[_NFTA_CHAIN_TABLE], found[_NFTA_CHAIN_NAME]):
            yield name, [found.get(_NFTA_CHAIN_POLICY, b"")]


def _chain_rules(replies: list[Reply]) -> Iterator[tuple[str, bytes]]:
    for reply in replies:
        found = attributes(reply.payload, NFGENMSG.size)
        if name := _name(reply, found[_NFTA_RULE_TABLE], found[_NFTA_RULE_CHAIN]):
            yield name, b"".join(_expressions(found[_NFTA_RULE_EXPRESSIONS]))


def _name(reply: Reply, table: bytes, chain: bytes) -> str | None:
    family = _FAMILIES.get(reply.payload[0])
    is_ours = family and text(table) in _TABLES
    return f"{family} {text(table)} {text(chain)}" if is_ours else None


def _expressions(listed: bytes) -> Iterator[bytes]:
    """A rule's expressions without its counters; of each the name's attribute comes first."""
    for _, each in each_attribute(listed, 0):
        if each[4 : 4 + len(_COUNTER)] != _COUNTER:
            yield each


def legacy() -> Iterator[tuple[str, list[str]]]:
    """Each table of interest of the old kind, and what stands in it, where there is any."""
    for family in _FAMILIES.values():
        names = Path(f"/proc/thread-self/net/{family}_tables_names")
        if names.exists() and names.read_text(encoding="ascii"):
            for name, lines in saved_tables(iptables.saved(family)).items():
                yield f"{family} {name}", lines


def saved_tables(text: str) -> dict[str, list[str]]:
    """The tables of interest in what `iptables-save` prints, less counters and the time in comments."""
    chunks = (chunk.splitlines() for chunk in re.split(r"^\*", text, flags=re.MULTILINE)[1:])
    return {
        name: [_COUNTERS.sub("", each) for each in lines if not each.startswith("#")]
        for name, *lines in chunks
        if name in _TABLES
    }
