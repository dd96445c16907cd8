"""Bundles: many descriptors handed over as one, a socket with a message in it that carries them.

AMP hands over each descriptor by itself, in a message of the kernel's own with one byte.
"""

import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager

MAX_DESCRIPTORS = 253
"""In a bundle. Source: SCM_MAX_FD, net/scm.h."""


@contextmanager
def bundled(descriptors: Collection[int]) -> Iterator[int]:
    """A bundle of some descriptors, which may be closed by then; it is closed afterwards.

    Raises:
        OSError: one of them is not open, they are too many, or so many as may be are on their way already.
    """
    ours, bundle = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with bundle:
        with ours:
            socket.send_fds(ours, [b"\0"], descriptors)
        yield bundle.fileno()


def unbundled(descriptor: int) -> list[int]:
    """The descriptors in a bundle, which is closed whatever comes of it.

    There are fewer than were put in when this process has no room for all, and none at a second time.

    Raises:
        OSError: it is no bundle.
    """
    try:
        bundle = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise
    with bundle:
        _, descriptors, _, _ = socket.recv_fds(bundle, 1, MAX_DESCRIPTORS)
    return descriptors
