"""Traffic control of links: filters that see each frame.

Source: linux/rtnetlink.h, linux/pkt_sched.h, linux/pkt_cls.h, Linux 6.18; tc(8), tc-bpf(8).
"""

import struct
from collections.abc import Iterator

from netns.netlink import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_DUMP,
    NLM_F_EXCL,
    Message,
    Netlink,
    NetlinkError,
    attribute,
    attributes,
    nest,
    text,
)

_RTM_NEWQDISC, _RTM_GETQDISC, _RTM_NEWTFILTER, _RTM_GETTFILTER = 36, 38, 44, 46
_TCMSG = struct.Struct("=BxxxiIII")
_TCA_KIND, _TCA_OPTIONS = 1, 2

_CLSACT, _CLSACT_HANDLE = 0xFFFFFFF1, 0xFFFF0000
_PARENTS = {"ingress": 0xFFFFFFF2, "egress": 0xFFFFFFF3}
_HOOKS = ("ingress", "clsact")
"""The qdiscs that let filters see each frame."""

_ALL_FRAMES = 0x0300  # ETH_P_ALL as it is on the wire
_FIRST = 1 << 16
_TCA_BPF_FD, _TCA_BPF_NAME, _TCA_BPF_FLAGS = 6, 7, 8
_TCA_BPF_FLAG_ACT_DIRECT = 1


def hook(link: int) -> Message:
    """Let filters see the frames of a link, given by its index, before anything else does."""
    head = _TCMSG.pack(0, link, _CLSACT_HANDLE, _CLSACT, 0)
    return Message(
        _RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, head + attribute(_TCA_KIND, b"clsact\0")
    )


def addition(link: int, program: int) -> Message:
    """Have a program, given by its descriptor, decide about what comes in on a link that is hooked."""
    options = (
        attribute(_TCA_BPF_FD, struct.pack("=I", program)),
        attribute(_TCA_BPF_NAME, b"eve-meta\0"),
        attribute(_TCA_BPF_FLAGS, struct.pack("=I", _TCA_BPF_FLAG_ACT_DIRECT)),
    )
    head = _TCMSG.pack(0, link, 0, _PARENTS["ingress"], _FIRST | _ALL_FRAMES)
    content = attribute(_TCA_KIND, b"bpf\0") + nest(_TCA_OPTIONS, *options)
    return Message(_RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, head + content)


def hooked(netlink: Netlink) -> Iterator[int]:
    """The indices of links whose frames filters may see."""
    for reply in netlink.ask(Message(_RTM_GETQDISC, NLM_F_DUMP, bytes(_TCMSG.size))):
        _, link, _, _, _ = _TCMSG.unpack_from(reply.payload)
        if text(attributes(reply.payload, _TCMSG.size, (_TCA_KIND,))[_TCA_KIND]) in _HOOKS:
            yield link


def filters(netlink: Netlink, link: int) -> Iterator[tuple[str, str]]:
    """The filters of a link that is hooked: "ingress" or "egress", and the kind, as "flower"."""
    for direction, parent in _PARENTS.items():
        question = Message(_RTM_GETTFILTER, NLM_F_DUMP, _TCMSG.pack(0, link, 0, parent, 0))
        try:
            replies = netlink.ask(question)
        except NetlinkError:
            continue  # the ingress qdisc has no egress
        # Each is told several times: as the head of its kind, and by its handle.
        kinds = (attributes(each.payload, _TCMSG.size, (_TCA_KIND,))[_TCA_KIND] for each in replies)
        yield from ((direction, each) for each in dict.fromkeys(map(text, kinds)))
