"""Programs of the kernel's own machine, eBPF: one that has frames come in on another link, and others'.

tc's `mirred` does so with no program, but drops what is for a link without a carrier, as a tap has none that
no VM has open. Source: bpf(2), bpf-helpers(7), linux/bpf.h; RFC 9669; tcf_mirred_to_dev() in
net/sched/act_mirred.c, Linux 6.18.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator

_SYSTEM_CALLS = {"x86_64": 321, "aarch64": 280, "loongarch64": 280, "riscv64": 280, "ppc64le": 361}
"""The number of bpf(2). Source: syscall.tbl of each architecture."""

_PROG_LOAD, _PROG_TYPE_SCHED_CLS = 5, 3
_ATTRIBUTES = struct.Struct("=IIQQ")
"""Type, how many instructions, where they are, where the licence is; of the rest nothing is said."""

_PROG_QUERY = 16
_QUERY = struct.Struct("=IIIIQIIQQQQ")
"""Link, place, flags, where numbers are written, and how many; the rest is not asked."""

_TCX = {"ingress": 46, "egress": 47}
_MAX_PROGRAMS = 64
"""At one place. Source: BPF_MPROG_MAX, linux/bpf_mprog.h."""

_INSTRUCTION = struct.Struct("=BBhi")
_COPY, _SET, _LOAD_HALF, _LOAD_BYTE = 0xBF, 0xB7, 0x28, 0x30
_JUMP_IF_EQUAL, _JUMP_UNLESS_EQUAL, _CALL, _EXIT = 0x15, 0x55, 0x85, 0x95
_FUNCTION_REDIRECT, _INGRESS = 23, 1
_TC_ACT_SHOT = 2

_ETHER_TYPE, _NEXT_HEADER = 12, 20
_IPV6, _HOP_BY_HOP = 0x86DD, 0

_libc = ctypes.CDLL(None, use_errno=True)


def bringing(port: int) -> int:
    """A program for a filter, by its descriptor, which the caller closes: frames come in on a port instead.

    But for what says which IPv6 groups are listened to: nobody asked behind the port. Source: RFC 3810, 5.

    Args:
        port: its index.

    Raises:
        OSError: the kernel does not take it.
    """
    return _loaded(
        (_COPY, 6, 1, 0, 0),  # where loads look for the frame
        (_LOAD_HALF, 0, 0, 0, _ETHER_TYPE),
        (_JUMP_UNLESS_EQUAL, 0, 0, 2, _IPV6),
        (_LOAD_BYTE, 0, 0, 0, _NEXT_HEADER),
        (_JUMP_IF_EQUAL, 0, 0, 4, _HOP_BY_HOP),
        (_SET, 1, 0, 0, port),
        (_SET, 2, 0, 0, _INGRESS),
        (_CALL, 0, 0, 0, _FUNCTION_REDIRECT),
        (_EXIT, 0, 0, 0, 0),
        (_SET, 0, 0, 0, _TC_ACT_SHOT),
        (_EXIT, 0, 0, 0, 0),
    )


def tcx_programs(link: int) -> Iterator[tuple[str, int]]:
    """The programs that see a link's frames by tcx, by direction and number; none before Linux 6.6."""
    for direction, place in _TCX.items():
        numbers = (ctypes.c_uint32 * _MAX_PROGRAMS)()
        asked = _QUERY.pack(link, place, 0, 0, ctypes.addressof(numbers), _MAX_PROGRAMS, *[0] * 5)
        attributes = ctypes.create_string_buffer(asked)
        try:
            _call(_PROG_QUERY, attributes, _QUERY.size)
        except OSError:
            return
        count = _QUERY.unpack_from(attributes)[5]
        yield from ((direction, number) for number in numbers[:count])


def _loaded(*program: tuple[int, int, int, int, int]) -> int:
    """Of each instruction the code, the registers it works in and from, how far to jump, and a number."""
    code = b"".join(_INSTRUCTION.pack(each, to | of << 4, jump, k) for each, to, of, jump, k in program)
    written, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"Apache-2.0")
    places = ctypes.addressof(written), ctypes.addressof(licence)
    attributes = ctypes.create_string_buffer(_ATTRIBUTES.pack(_PROG_TYPE_SCHED_CLS, len(program), *places))
    return _call(_PROG_LOAD, attributes, _ATTRIBUTES.size)


def _call(command: int, attributes: "ctypes.Array[ctypes.c_char]", size: int) -> int:
    number = _SYSTEM_CALLS.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    result: int = _libc.syscall(ctypes.c_long(number), command, attributes, size)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"bpf: {os.strerror(code)}")
    return result
