"""One door's connections, all of them answered by its one resource."""

from typing import TYPE_CHECKING, final

from attrs import field, frozen
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory
from twisted.web.resource import IResource

from eve_meta.limits import Limits
from eve_meta.server.access import AccessLog
from eve_meta.server.channel import GuestChannel
from eve_meta.server.crowd import Crowd
from eve_meta.server.recall import Recall
from eve_meta.server.tally import Tally
from eve_meta.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Shared:
    """What all sites of a server have together.

    Attributes:
        recall: what guests with the same bounds have sent.
        tally: what guests have asked, counted.
    """

    recall: Recall = field(factory=Recall)
    tally: Tally = field(factory=Tally)


@final
class GuestSite(Factory):
    """Speaks HTTP with whoever connects.

    Attributes:
        crowd: they.
        access: what they have asked.
        on_rush: called with the seconds for which nobody else should be let in; to be given before anyone is.
    """

    on_rush: "Callable[[float], None]"
    noisy = False

    def __init__(
        self,
        resource: IResource,
        limits: Limits,
        clock: IReactorTime,
        shared: Shared | None = None,
        revision: int = 0,
    ) -> None:
        """Take who answers, what bounds guests, a clock, and what is shared with the server's other sites.

        The revision is that of the document that is answered from.
        """
        shared = shared or Shared()
        self._resource = resource
        self._clock = clock
        self._recall = shared.recall
        self.crowd = Crowd(limits, shared.tally)
        self.access = AccessLog(clock.seconds(), revision)

    def buildProtocol(self, addr: IAddress | None) -> GuestChannel:  # noqa: ARG002 - nobody is known by it
        """A channel for a new connection."""
        pause = self.crowd.arrival_pause(self._clock.seconds())
        if pause:
            self.on_rush(pause)
        return GuestChannel(self._resource, self.crowd, self.access, self._clock, self._recall)

    def revise(self, revision: int) -> None:
        """Note that guests are answered from another document."""
        self.access.revise(self._clock.seconds(), revision)

    def traffic(self) -> Traffic:
        """How much guests ask."""
        return self.access.traffic(len(self.crowd.connections))

    async def abort(self) -> None:
        """End every connection at once, sent or not, and return when all of them are gone."""
        await self.crowd.abort()
