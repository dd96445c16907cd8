"""What all messages of the kernel's nftables have in common: numbers, and the edges of a batch.

Source: linux/netfilter/nf_tables.h, Linux 6.18.
"""

import struct

from netns.netlink import Message

NFNL_SUBSYS_NFTABLES = 10
NFPROTO_NETDEV = 5

NFGENMSG = struct.Struct(">BBH")
"""Behind the header of each message: family, version 0, resource. Source: linux/netfilter/nfnetlink.h."""

NFT_MSG_NEWTABLE, NFT_MSG_GETTABLE, NFT_MSG_DELTABLE = 0, 1, 2
NFT_MSG_NEWCHAIN, NFT_MSG_GETCHAIN = 3, 4
NFT_MSG_NEWRULE, NFT_MSG_GETRULE = 6, 7
NFT_MSG_NEWSET = 9
NFT_MSG_GETGEN = 16

NFT_REG_VERDICT, NFT_REG_1 = 0, 1
NFT_CMP_EQ, NFT_CMP_NEQ = 0, 1
NFT_META_PROTOCOL, NFT_META_L4PROTO = 1, 16

_BATCH_BEGIN, _BATCH_END = 0x10, 0x11


def batch(*messages: Message) -> list[Message]:
    """Messages that are carried out all together or not at all. Source: linux/netfilter/nfnetlink.h."""
    edge = NFGENMSG.pack(0, 0, NFNL_SUBSYS_NFTABLES)
    return [Message(_BATCH_BEGIN, 0, edge), *messages, Message(_BATCH_END, 0, edge)]
