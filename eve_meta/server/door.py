"""One interface's open door: its entrance, its site, and every connection that came through it."""

import socket
from typing import Any, final
from uuid import UUID

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from eve_meta.answer import Metadata
from eve_meta.server.entrance import Entrance
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite


@final
class Door(Service):
    """Answers the guests that connect to one listening socket, for as long as it runs.

    Attributes:
        site: what those guests connect to.
    """

    def __init__(
        self, listening: socket.socket, resource: MetadataResource, site: GuestSite, reactor: Any
    ) -> None:
        """Take the socket over: it is closed with the door. The reactor watches it and tells the time."""
        self.setName(resource.interface)
        self._resource = resource
        self._entrance = Entrance(listening, site, reactor)
        self.site = site

    @property
    def vm(self) -> UUID:
        """Whose metadata is answered."""
        return self._resource.metadata.vm.uuid

    def refresh(self, metadata: Metadata, revision: int) -> None:
        """Answer from this from now on, on connections that are open too."""
        self.site.revise(revision)
        self._resource.refresh(metadata)

    def startService(self) -> None:
        """Let guests in."""
        super().startService()
        self._entrance.open()

    def let_in_who_waits(self) -> None:
        """Take in the guests that wait, and no other; those that are in are answered."""
        self._entrance.let_in_who_waits()

    def end_waits(self) -> None:
        """Answer those who wait for a change, and from now on those who would, as if the time were up."""
        self._resource.waits.end()

    def shut(self) -> None:
        """Let guests in no more, in no process; the socket listens again when a door is opened with it."""
        self._entrance.shut()

    def stopService(self) -> Deferred[None]:
        """Let nobody in, and abort what came in: one open connection would hold the guest's namespace.

        Fires when the last is gone. The agent's own copy of the socket goes on listening.
        """
        super().stopService()
        self._entrance.close()
        return Deferred.fromCoroutine(self.site.abort())
