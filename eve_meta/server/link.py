"""The connection to the agent: its commands, carried to the doors."""

from collections.abc import Callable, Sequence
from typing import final
from uuid import UUID

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.protocols.amp import AMP
from twisted.python.failure import Failure

from eve_meta.accesses import written
from eve_meta.exchange import Post
from eve_meta.messages import (
    AgentSilentError,
    AreYouThere,
    CloseDoor,
    KeepPost,
    OpenDoors,
    ReadAccessLog,
    ReadTotals,
    ReadTraffic,
    Refresh,
    TellMilestone,
)
from eve_meta.milestones import Milestone
from eve_meta.server.doors import Doors
from eve_meta.traffic import told

KEEPING_SECONDS = 30
"""For the agent to keep a post, before its guest's connection is closed. Conntrack forgets one that its
guest has half-closed after 60 s."""


@final
class AgentLink(AMP):
    """What the agent may ask of this server. Without the agent there is nothing left to do."""

    def __init__(self, doors: Doors, clock: IReactorTime, on_lost: Callable[[], None]) -> None:
        super().__init__()
        self._clock = clock
        self._doors = doors
        self._on_lost = on_lost

    @AreYouThere.responder
    def i_am_here(self) -> dict[str, object]:
        """Answered at once."""
        return {}

    @OpenDoors.responder
    def open_doors(self, interfaces: list[str], sockets: int, briefs: int) -> dict[str, object]:
        """Answered once the doors are open."""
        return {"refusals": self._doors.open(interfaces, sockets, briefs)}

    @Refresh.responder
    def refresh(self, interfaces: list[str], brief: int) -> dict[str, object]:
        """Answered once the doors answer from the brief."""
        self._doors.refresh(interfaces, brief)
        return {}

    @ReadAccessLog.responder
    def read_access_log(self, interface: str) -> dict[str, object]:
        """Answered at once."""
        return {"log": written(self._doors.accesses(interface))}

    @ReadTraffic.responder
    def read_traffic(self, interfaces: list[str]) -> dict[str, Sequence[object]]:
        """Answered at once."""
        return told(self._doors.traffic(interfaces))

    @ReadTotals.responder
    def read_totals(self) -> dict[str, object]:
        """Answered at once."""
        return self._doors.totals().told()

    @CloseDoor.responder
    def close_door(self, interface: str) -> Deferred[dict[str, object]]:
        """Answered once nothing of the door is left."""
        return Deferred.fromCoroutine(self._close(interface))

    async def _close(self, interface: str) -> dict[str, object]:
        await self._doors.close(interface)
        return {}

    async def keep(self, interface: str, vm: UUID, post: Post) -> None:
        """Let the agent keep it. See `Keeper`."""
        asked = self.callRemote(
            KeepPost, interface=interface, vm=str(vm), kind=post.kind, content=post.content
        )
        try:
            await asked.addTimeout(KEEPING_SECONDS, self._clock)
        except (ConnectionDone, ConnectionLost, TooLateError) as error:
            raise AgentSilentError from error

    def tell_milestone(self, interface: str, vm: UUID, milestone: Milestone) -> None:
        """Tell the agent, if it is there. See `MilestoneTeller`."""
        told = self.callRemote(TellMilestone, interface=interface, vm=str(vm), milestone=milestone.value)
        if told is not None:
            told.addErrback(lambda failure: failure.trap(ConnectionDone, ConnectionLost))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fail what we asked, and say so to whoever made us."""
        super().connectionLost(reason)
        self._on_lost()
