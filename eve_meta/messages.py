"""What the agent and a server say to each other: AMP commands over a Unix socket.

The agent asks and a server answers, but for `KeepPost` and `TellMilestone`, where it is the other way round.
The descriptors of a command may be closed once it was answered, not before. Whatever is answered with that is
not declared here is a bug, and ends the connection and with it the server.

Servers are made by a fork server, which the agent speaks to over a SOCK_SEQPACKET: a message of one byte
carries the link of the server that is wanted; the answer, `FORKED`, carries a pidfd of it. When the agent
closes its end, the fork server ends; each server ends with its own link. Source: pidfd_open(2), unix(7).
"""

import struct
from collections.abc import Awaitable, Callable
from typing import ClassVar
from uuid import UUID

from twisted.protocols.amp import Command, Descriptor, Integer, ListOf, String, Unicode

from eve_meta.errors import EveMetaError
from eve_meta.exchange import Post
from eve_meta.milestones import Milestone

FORKED = struct.Struct("=i")
"""The number of a process that was forked."""


class BriefRefusedError(EveMetaError):
    """The server cannot serve this brief: the document in it is wrong. What it served before stays."""


class DoorNotOpenError(EveMetaError):
    """The interface has no open door at this server."""


class PasswordSetError(EveMetaError):
    """The VM has a password: it must be cleared before its guest can set another."""


class NotKeptError(EveMetaError):
    """What a guest has posted could not be kept; it may try again."""


class AgentSilentError(EveMetaError):
    """The agent has gone, or has not answered in time: whether it has done what was asked is not known."""


Keeper = Callable[[str, UUID, Post], Awaitable[None]]
"""Keeps what was posted at an interface by the guest of a VM; returns once it is kept, a password also told.

Raises:
    PasswordSetError: it is a password, and the VM has one.
    AgentSilentError: it may be kept or not.
    EveMetaError: it could not be kept.
"""


MilestoneTeller = Callable[[str, UUID, Milestone], None]
"""Tells that the guest of a VM has come to a milestone at an interface."""


class AreYouThere(Command):
    """Answered at once, by a server that does its work."""

    commandName = b"are-you-there"


class OpenDoors(Command):
    """Answer guests that connect to a bundle of listening sockets, at each from what its own brief says.

    Answered once they are accepted from, with why each is not: nothing for one that is.
    """

    commandName = b"open-doors"
    arguments: ClassVar = [
        (b"interfaces", ListOf(Unicode())),
        (b"sockets", Descriptor()),
        (b"briefs", Descriptor()),
    ]
    response: ClassVar = [(b"refusals", ListOf(Unicode()))]


MAX_DOORS = 64
"""In one command; a bundle holds more."""

MAX_REASON_CHARACTERS = 200
"""Of each refusal: all together are a value of AMP's, 65535 bytes."""


class Refresh(Command):
    """Answer from another brief of the same VM at all its interfaces at one instant: all of them or none."""

    commandName = b"refresh"
    arguments: ClassVar = [(b"interfaces", ListOf(Unicode())), (b"brief", Descriptor())]
    errors: ClassVar = {BriefRefusedError: b"BRIEF-REFUSED", DoorNotOpenError: b"DOOR-NOT-OPEN"}


class CloseDoor(Command):
    """Let go of an interface's listening socket and of every connection that came through it.

    Answered once nothing of the server's holds the interface's namespace any more.
    """

    commandName = b"close-door"
    arguments: ClassVar = [(b"interface", Unicode())]
    errors: ClassVar = {DoorNotOpenError: b"DOOR-NOT-OPEN"}


class ReadAccessLog(Command):
    """What guests have asked at an interface, as JSON that the agent hands on unread."""

    commandName = b"read-access-log"
    arguments: ClassVar = [(b"interface", Unicode())]
    response: ClassVar = [(b"log", Unicode())]
    errors: ClassVar = {DoorNotOpenError: b"DOOR-NOT-OPEN"}


class ReadTraffic(Command):
    """How much guests ask, see `eve_meta.traffic`; of interfaces without an open door nothing is told."""

    commandName = b"read-traffic"
    arguments: ClassVar = [(b"interfaces", ListOf(Unicode()))]
    response: ClassVar = [
        (b"interfaces", ListOf(Unicode())),
        (b"outcomes", ListOf(ListOf(Integer()))),
        (b"connections", ListOf(Integer())),
        (b"last_ms", ListOf(Integer())),
        (b"last_paths", ListOf(Unicode())),
    ]


class ReadTotals(Command):
    """What the server has counted of all guests since it began, see `eve_meta.totals`."""

    commandName = b"read-totals"
    response: ClassVar = [
        (b"formats", ListOf(Unicode())),
        (b"statuses", ListOf(Integer())),
        (b"answers", ListOf(Integer())),
        (b"times", ListOf(Integer())),
        (b"microseconds", Integer()),
        (b"limits", ListOf(Unicode())),
        (b"hits", ListOf(Integer())),
    ]


class KeepPost(Command):
    """Keep what the guest of a VM has posted, which is asked of the agent.

    Answered once it is kept, and told at all of the VM's interfaces if it is a password.
    """

    commandName = b"keep-post"
    arguments: ClassVar = [
        (b"interface", Unicode()),
        (b"vm", Unicode()),
        (b"kind", Unicode()),
        (b"content", String()),
    ]
    errors: ClassVar = {PasswordSetError: b"PASSWORD-SET", NotKeptError: b"NOT-KEPT"}


class TellMilestone(Command):
    """A guest has come to a milestone, which is told the agent. It is not answered."""

    commandName = b"tell-milestone"
    requiresAnswer = False  # noqa: N815 - AMP's
    arguments: ClassVar = [(b"interface", Unicode()), (b"vm", Unicode()), (b"milestone", Unicode())]
