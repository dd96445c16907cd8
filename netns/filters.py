"""Filters that the kernel runs on a socket's behalf, in its classic machine.

Source: socket(7), SO_ATTACH_FILTER; struct sock_filter and sock_fprog, linux/filter.h.
"""

import ctypes
import socket
import struct
from collections.abc import Collection

_SO_ATTACH_FILTER = 26

Instruction = tuple[int, int, int, int]
"""What to do, where to go on if true and if false, and the operand."""

LOAD_WORD, LOAD_HALF, LOAD_BYTE = 0x20, 0x28, 0x30
AND, JUMP_IF_EQUAL, _RETURN = 0x54, 0x15, 0x06
PASS, DROP = (_RETURN, 0, 0, 0xFFFFFFFF), (_RETURN, 0, 0, 0)

_TCP_FLAGS_OFFSET, _SYN, _SYN_AND_ACK = 13, 0x02, 0x12


def attach(filtered: socket.socket, program: Collection[Instruction]) -> None:
    """Have the kernel filter what a socket is sent.

    Raises:
        OSError: the kernel refused.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    pointed = struct.pack("@HP", len(program), ctypes.addressof(code))
    filtered.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointed)


def ignore_newcomers(listening: socket.socket) -> None:
    """Have the kernel drop whoever begins to connect, unheard; who has begun gets in.

    A TCP socket's filter sees a segment from its header on. Source: tcp_v4_rcv() in net/ipv4/tcp_ipv4.c.

    Raises:
        OSError: the kernel refused.
    """
    program = [
        (LOAD_BYTE, 0, 0, _TCP_FLAGS_OFFSET),
        (AND, 0, 0, _SYN_AND_ACK),
        (JUMP_IF_EQUAL, 0, 1, _SYN),
        DROP,
        PASS,
    ]
    attach(listening, program)
