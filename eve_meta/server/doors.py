"""All open doors of a server, and what the agent may do to them."""

import json
import socket
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, final

from twisted.application.service import MultiService
from twisted.internet.task import deferLater
from twisted.logger import Logger

from eve_meta.accesses import Accesses
from eve_meta.answer import Metadata
from eve_meta.brief import Brief, BriefError, read_briefs
from eve_meta.bundle import unbundled
from eve_meta.document import parse
from eve_meta.errors import DocumentError
from eve_meta.limits import Limits
from eve_meta.messages import (
    MAX_REASON_CHARACTERS,
    BriefRefusedError,
    DoorNotOpenError,
    Keeper,
    MilestoneTeller,
)
from eve_meta.server.door import Door
from eve_meta.server.entropy import Entropy
from eve_meta.server.posts import bounded
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite, Shared
from eve_meta.totals import Totals
from eve_meta.traffic import Traffic

LEAVING_SECONDS = 0.25
"""For guests that have connected to ask and be answered, before a server ends."""


@final
class Doors(MultiService):
    """The doors that are open, by interface. Descriptors are taken over, whatever comes of a call.

    Attributes:
        keep: what to do with what guests post; to be given before a door is opened.
        tell_milestone: called when a guest has come to one; to be given, too.
    """

    keep: Keeper
    tell_milestone: MilestoneTeller
    _log = Logger()

    def __init__(self, reactor: Any, limits: Limits) -> None:
        """Take a reactor that adopts sockets and tells the time, and what each door may be asked."""
        super().__init__()
        self._reactor = reactor
        self._limits = limits
        self._shared = Shared()
        self._entropy = Entropy()

    def open(self, interfaces: Sequence[str], bundle: int, briefs: int) -> list[str]:
        """Open doors, each with a socket and a brief; answers why each is not, nothing for one that is."""
        sockets = [socket.socket(fileno=each) for each in unbundled(bundle)]
        try:
            known = _read(briefs, len(interfaces))
            _count("sockets", sockets, len(interfaces))
        except BriefRefusedError as error:
            for each in sockets:
                each.close()
            return [str(error)] * len(interfaces)
        return [self._open_or_not(*each) for each in zip(interfaces, sockets, known, strict=True)]

    def _open_or_not(self, interface: str, listening: socket.socket, known: Brief) -> str:
        """Open one door, or say why not."""
        try:
            self._open(interface, listening, known)
        except BriefRefusedError as error:
            listening.close()
            return str(error)
        return ""

    def _open(self, interface: str, listening: socket.socket, known: Brief) -> None:
        if interface in self.namedServices:
            raise BriefRefusedError(f"{interface} is open already")
        metadata = _metadata(known)
        keep = bounded(self.keep, self._limits, self._reactor.seconds, self._shared.tally)
        resource = MetadataResource(
            interface, metadata, self._reactor, keep, limits=self._limits, entropy=self._entropy
        )
        site = GuestSite(resource, self._limits, self._reactor, self._shared, known.revision)
        resource.waits.on_full = partial(self._shared.tally.hit, "waiting")
        site.access.on_milestone = partial(self.tell_milestone, interface, metadata.vm.uuid)
        Door(listening, resource, site, self._reactor).setServiceParent(self)
        self._log.info(
            "{interface}: open, revision {revision}",
            interface=interface,
            revision=known.revision,
            uuid=metadata.vm.uuid,
        )

    def refresh(self, interfaces: Sequence[str], brief: int) -> None:
        """Answer from another brief at all of one VM's interfaces, or at none of them.

        Raises:
            BriefRefusedError: the brief cannot be served.
            DoorNotOpenError: one of the interfaces has no open door here.
        """
        (known,) = _read(brief, 1)
        doors = [self._door(interface) for interface in interfaces]
        metadata = _metadata(known)
        for door in doors:
            door.refresh(metadata, known.revision)

    def accesses(self, interface: str) -> Accesses:
        """What guests have asked at an interface.

        Raises:
            DoorNotOpenError: the interface has no open door here.
        """
        return self._door(interface).site.access.all()

    def traffic(self, interfaces: Iterable[str]) -> Iterator[tuple[str, Traffic]]:
        """How much guests ask at those of some interfaces that have an open door."""
        for each in interfaces:
            if each in self.namedServices:
                yield each, self._door(each).site.traffic()

    def totals(self) -> Totals:
        """What all guests have asked since the server began, counted."""
        return self._shared.tally.totals()

    async def close(self, interface: str) -> None:
        """Close an interface's door, and return when nothing of it is left.

        Raises:
            DoorNotOpenError: the interface has no open door here.
        """
        door = self._door(interface)
        await door.disownServiceParent()
        self._log.info("{interface}: closed", interface=interface, uuid=door.vm)

    async def leave(self, *, are_sockets_kept: bool) -> None:
        """Let no other guest in, and return when those that are in have had time to ask and be answered.

        Args:
            are_sockets_kept: whether guests can wait in the sockets for those who come after us.
        """
        for door in self:
            door.let_in_who_waits()
            door.end_waits()
            if not are_sockets_kept:
                door.shut()
        if self.services:
            await deferLater(self._reactor, LEAVING_SECONDS)

    def _door(self, interface: str) -> Door:
        try:
            door: Door = self.getServiceNamed(interface)
        except KeyError:
            raise DoorNotOpenError(interface) from None
        return door


def _read(briefs: int, count: int) -> list[Brief]:
    try:
        known = read_briefs(briefs)
    except BriefError as error:
        raise BriefRefusedError(str(error)) from error
    _count("briefs", known, count)
    return known


def _count(what: str, found: Sequence[object], count: int) -> None:
    if len(found) != count:
        raise BriefRefusedError(f"{len(found)} {what} instead of {count}")


def _metadata(brief: Brief) -> Metadata:
    try:
        vm = parse(json.loads(brief.document))
    except ValueError as error:
        raise BriefRefusedError("the document is no JSON") from error
    except DocumentError as error:
        raise BriefRefusedError(str(error)[:MAX_REASON_CHARACTERS]) from error
    return Metadata(vm, brief.token_key, brief.password)
