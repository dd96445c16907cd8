"""Who started the agent, as far as it speaks systemd's protocol: it is told things, and keeps descriptors.

Source: sd_notify(3), sd_listen_fds(3); "File Descriptor Store" of systemd.
"""

import fcntl
import os
import socket
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from functools import partial

from attrs import field, frozen
from twisted.python.systemd import ListenFDs

from eve_meta.agent.fdstore import keeps_descriptors
from eve_meta.agent.notify import Notifier

CONTROL = "control"
"""The name that the control socket is kept under; others are of guests."""

_FIRST_DESCRIPTOR = 3
"""Source: sd_listen_fds(3), `SD_LISTEN_FDS_START`."""


@frozen
class Supervisor:
    """A supervisor, or none.

    Attributes:
        notifier: tells it things.
        keeps_descriptors: whether it keeps those that it is handed, and gives them to the next agent.
        sockets: what an earlier agent has left, by name.
    """

    notifier: Notifier = field(factory=partial(Notifier, None))
    keeps_descriptors: bool = False
    sockets: Mapping[str, socket.socket] = {}

    @classmethod
    def of_process(cls, environ: MutableMapping[str, str]) -> "Supervisor":
        """The one that started this process, with these variables; those about descriptors are taken out."""
        notifier = Notifier.from_environment(environ)
        return cls(notifier, keeps_descriptors(environ), dict(_inherited(environ)))


def hand_on(sockets: Mapping[str, int]) -> dict[str, str]:
    """Put sockets where this process finds them after it has replaced itself; the variables that say so.

    Whatever has been there is closed: nothing is left to do but to replace the process.
    """
    first_free = _FIRST_DESCRIPTOR + len(sockets)
    out_of_the_way = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, first_free) for each in sockets.values()]
    for place, descriptor in enumerate(out_of_the_way, _FIRST_DESCRIPTOR):
        os.dup2(descriptor, place, inheritable=True)
    return {
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": str(len(sockets)),
        "LISTEN_FDNAMES": ":".join(sockets),
    }


def _inherited(environ: MutableMapping[str, str]) -> Iterator[tuple[str, socket.socket]]:
    handed = ListenFDs.fromEnvironment(environ)
    named = handed.inheritedNamedDescriptors()
    for name, descriptor in named.items():
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the os module's way
        with suppress(OSError):
            yield name, socket.socket(fileno=descriptor)
    for twice in set(handed.inheritedDescriptors()).difference(named.values()):
        os.close(twice)
