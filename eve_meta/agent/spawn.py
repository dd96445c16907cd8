"""Starts the fork server. It makes its imports while the agent makes its own, so there are few here."""

import os
import socket
import sys
from collections.abc import Iterator, Sequence

from attrs import frozen

AGENT_DESCRIPTOR = 3
"""Where the fork server finds the agent's socket."""

_INHERITED = ("JOURNAL_STREAM", "LANG", "LC_ALL", "PATH", "PYTHONPATH")


@frozen
class Spawned:
    """A process that is our child.

    Attributes:
        options: the arguments that it was started with.
        pid: of the process, which is to be waited for.
        socket: what it is spoken to by.
    """

    options: Sequence[str]
    pid: int
    socket: socket.socket


def spawn(options: Sequence[str]) -> Spawned:
    """Start a fork server with these arguments. It does nothing until it is asked.

    Of our descriptors it has its own and those for its log, whoever has left us others.

    Raises:
        OSError: there can be no other process.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", "eve_meta.server", *options],
            {name: os.environ[name] for name in _INHERITED if name in os.environ},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, 2, 1),
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), AGENT_DESCRIPTOR),
                *((os.POSIX_SPAWN_CLOSE, each) for each in _descriptors() if each > AGENT_DESCRIPTOR),
            ],
        )
    return Spawned(options, pid, ours)


def _descriptors() -> Iterator[int]:
    """All that this process has open, and perhaps one that is closed by now."""
    return map(int, os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, not files
