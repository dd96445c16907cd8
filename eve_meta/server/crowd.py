"""All connections of one interface, and how much they may have together."""

from typing import Protocol, final

from twisted.internet.defer import Deferred

from eve_meta.limits import Limits
from eve_meta.server.bucket import TokenBucket
from eve_meta.server.tally import Tally


class IConnection(Protocol):
    """What can be ended."""

    def abort(self) -> None:
        """End it at once, sent or not; `Crowd.leave` is called once it is gone."""


@final
class Crowd:
    """Those who are in.

    Attributes:
        limits: what each of them may have.
        tally: what they have asked, counted with others, and what has bounded them.
        connections: the one that has been quiet longest first.
    """

    def __init__(self, limits: Limits, tally: Tally) -> None:
        self.limits = limits
        self.tally = tally
        self._arrivals = TokenBucket(limits.connections_per_second, limits.connections_burst)
        self._requests = TokenBucket(limits.requests_per_second, limits.requests_burst)
        self.connections: dict[IConnection, None] = {}
        self._put_out: set[IConnection] = set()
        self._all_gone: Deferred[None] | None = None

    def arrival_pause(self, now: float) -> float:
        """Count an arrival; the seconds for which there should be no other."""
        self._arrivals.overdraw(now)
        pause = self._arrivals.seconds_to_next()
        if pause:
            self.tally.hit("connections_per_second")
        return pause

    def enter(self, connection: IConnection) -> None:
        """Have one more in, and put another out if there are too many."""
        if len(self.connections) >= self.limits.connections:
            self.tally.hit("connections")
            quiet = next(iter(self.connections))
            self._put_out.add(quiet)
            del self.connections[quiet]
            quiet.abort()
        self.connections[connection] = None

    def request_pause(self, connection: IConnection, now: float) -> float:
        """Count a request; 0 if it may be answered, or the seconds after which one may be."""
        if connection in self.connections:
            del self.connections[connection]
            self.connections[connection] = None
        if self._requests.take(now):
            return 0.0
        self.tally.hit("requests_per_second")
        return self._requests.seconds_to_next()

    def leave(self, connection: IConnection) -> None:
        """Forget one that has ended."""
        self.connections.pop(connection, None)
        self._put_out.discard(connection)
        if self._all_gone and not self.connections and not self._put_out:
            self._all_gone.callback(None)
            self._all_gone = None

    async def abort(self) -> None:
        """End every connection, and return when all of them are gone."""
        for each in tuple(self.connections):
            each.abort()
        if self.connections or self._put_out:
            self._all_gone = Deferred()
            await self._all_gone
