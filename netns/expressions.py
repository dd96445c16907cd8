"""What a rule of nftables looks at in a frame and does with it, as the kernel reads it.

Each function returns the bytes of one expression or more; a rule is some of them one behind the other, and
ends where one does not hold. All work in one register. Source: linux/netfilter/nf_tables.h, Linux 6.18.
"""

import struct
from collections.abc import Iterable

from netns.netlink import attribute, nest
from netns.nf_tables import (
    NFT_CMP_EQ,
    NFT_CMP_NEQ,
    NFT_META_L4PROTO,
    NFT_META_PROTOCOL,
    NFT_REG_1,
    NFT_REG_VERDICT,
)

DROP, ACCEPT = 0, 1
LINK_HEADER, NETWORK_HEADER, TRANSPORT_HEADER = 0, 1, 2

_NFTA_LIST_ELEM = 1
_NFTA_EXPR_NAME, _NFTA_EXPR_DATA = 1, 2
_NFTA_DATA_VALUE, _NFTA_DATA_VERDICT = 1, 2
_NFTA_VERDICT_CODE = 1
_NFTA_CMP_SREG, _NFTA_CMP_OP, _NFTA_CMP_DATA = 1, 2, 3
_NFTA_BITWISE_SREG, _NFTA_BITWISE_DREG, _NFTA_BITWISE_LEN = 1, 2, 3
_NFTA_BITWISE_MASK, _NFTA_BITWISE_XOR = 4, 5
_NFTA_PAYLOAD_DREG, _NFTA_PAYLOAD_BASE, _NFTA_PAYLOAD_OFFSET, _NFTA_PAYLOAD_LEN = 1, 2, 3, 4
_NFTA_PAYLOAD_SREG = 5
_NFTA_META_DREG, _NFTA_META_KEY = 1, 2
_NFTA_IMMEDIATE_DREG, _NFTA_IMMEDIATE_DATA = 1, 2
_NFTA_DYNSET_SET_NAME, _NFTA_DYNSET_OP, _NFTA_DYNSET_SREG_KEY = 1, 3, 4
_NFT_DYNSET_OP_UPDATE = 1
_NFTA_FWD_SREG_DEV = 1


def string(value: str) -> bytes:
    """A name."""
    return value.encode() + b"\0"


def number(kind: int, value: int) -> bytes:
    """An attribute that is a number."""
    return attribute(kind, struct.pack(">i", value))


def carries(ether_type: bytes) -> bytes:
    """Under its outermost VLAN tag, if there is one, the frame is of a type."""
    return _meta(NFT_META_PROTOCOL) + _equals(ether_type)


def carries_none_of(ether_types: Iterable[bytes]) -> bytes:
    """It is of none of some types."""
    return _meta(NFT_META_PROTOCOL) + b"".join(_compared(NFT_CMP_NEQ, each) for each in ether_types)


def transports(protocol: bytes) -> bytes:
    """Behind all extension headers the packet is of a protocol."""
    return _meta(NFT_META_L4PROTO) + _equals(protocol)


def transports_other_than(protocol: bytes) -> bytes:
    """Behind all extension headers the packet is of another protocol."""
    return _meta(NFT_META_L4PROTO) + _compared(NFT_CMP_NEQ, protocol)


def has(base: int, offset: int, value: bytes) -> bytes:
    """At a place behind a header's begin, in bytes, there is a value."""
    return load(base, offset, len(value)) + _equals(value)


def has_none_of(base: int, offset: int, *values: bytes) -> bytes:
    """At a place behind a header's begin, in bytes, there is none of some values, which are of one length."""
    compared = (_compared(NFT_CMP_NEQ, each) for each in values)
    return load(base, offset, len(values[0])) + b"".join(compared)


def has_any(base: int, offset: int, mask: bytes) -> bytes:
    """At a place behind a header's begin, in bytes, there is any of some bits."""
    masked = _expression(
        "bitwise",
        number(_NFTA_BITWISE_SREG, NFT_REG_1),
        number(_NFTA_BITWISE_DREG, NFT_REG_1),
        number(_NFTA_BITWISE_LEN, len(mask)),
        nest(_NFTA_BITWISE_MASK, attribute(_NFTA_DATA_VALUE, mask)),
        nest(_NFTA_BITWISE_XOR, attribute(_NFTA_DATA_VALUE, bytes(len(mask)))),
    )
    return load(base, offset, len(mask)) + masked + _compared(NFT_CMP_NEQ, bytes(len(mask)))


def load(base: int, offset: int, length: int) -> bytes:
    """Take what is at a place behind a header's begin, in bytes."""
    return _payload(_NFTA_PAYLOAD_DREG, base, offset, length)


def noted(name: str) -> bytes:
    """What was taken is in a set, or there is room for it there; it is put there anew."""
    return _expression(
        "dynset",
        attribute(_NFTA_DYNSET_SET_NAME, string(name)),
        number(_NFTA_DYNSET_OP, _NFT_DYNSET_OP_UPDATE),
        number(_NFTA_DYNSET_SREG_KEY, NFT_REG_1),
    )


def verdict(code: int) -> bytes:
    """`DROP` the frame, or `ACCEPT` it: no further rule of the chain is asked."""
    return _immediate(NFT_REG_VERDICT, nest(_NFTA_DATA_VERDICT, number(_NFTA_VERDICT_CODE, code)))


def write(base: int, offset: int, value: bytes) -> bytes:
    """Put a value at a place behind a header's begin, in bytes."""
    return _value(value) + _payload(_NFTA_PAYLOAD_SREG, base, offset, len(value))


def forward(link: int) -> bytes:
    """Send the frame out at a link, given by its index."""
    return _value(struct.pack("=I", link)) + _expression("fwd", number(_NFTA_FWD_SREG_DEV, NFT_REG_1))


def _meta(key: int) -> bytes:
    return _expression("meta", number(_NFTA_META_DREG, NFT_REG_1), number(_NFTA_META_KEY, key))


def _equals(value: bytes) -> bytes:
    return _compared(NFT_CMP_EQ, value)


def _compared(operation: int, value: bytes) -> bytes:
    return _expression(
        "cmp",
        number(_NFTA_CMP_SREG, NFT_REG_1),
        number(_NFTA_CMP_OP, operation),
        nest(_NFTA_CMP_DATA, attribute(_NFTA_DATA_VALUE, value)),
    )


def _payload(direction: int, base: int, offset: int, length: int) -> bytes:
    return _expression(
        "payload",
        number(direction, NFT_REG_1),
        number(_NFTA_PAYLOAD_BASE, base),
        number(_NFTA_PAYLOAD_OFFSET, offset),
        number(_NFTA_PAYLOAD_LEN, length),
    )


def _value(value: bytes) -> bytes:
    return _immediate(NFT_REG_1, attribute(_NFTA_DATA_VALUE, value))


def _immediate(register: int, data: bytes) -> bytes:
    return _expression("immediate", number(_NFTA_IMMEDIATE_DREG, register), nest(_NFTA_IMMEDIATE_DATA, data))


def _expression(name: str, *settings: bytes) -> bytes:
    content = attribute(_NFTA_EXPR_NAME, string(name)), nest(_NFTA_EXPR_DATA, *settings)
    return nest(_NFTA_LIST_ELEM, *content)
