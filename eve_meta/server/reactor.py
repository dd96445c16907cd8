"""Twisted's epoll reactor, without what tells a log of the old kind whom each event is of.

For each event Twisted sets a context up and takes it down again, for `twisted.python.log` to name the
connection in what is said meanwhile. Nobody reads that name here, and it takes a fifth of a request's time.
What goes wrong in a descriptor is caught and logged in `_doReadOrWrite` all the same.
Source: twisted.internet.epollreactor.EPollReactor.doPoll.
"""

from typing import Any, final

from twisted.internet.epollreactor import EPollReactor


@final
class GuestReactor(EPollReactor):
    """Serves guests."""

    _poller: Any
    _selectables: dict[int, Any]

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events, so many seconds at most, and have those whose they are see to them."""
        events = self._poller.poll(-1 if timeout is None else timeout, len(self._selectables))
        for descriptor, event in events:
            # An earlier event may have ended it.
            selectable = self._selectables.get(descriptor)
            if selectable is not None:
                self._doReadOrWrite(selectable, descriptor, event)

    doIteration = doPoll
