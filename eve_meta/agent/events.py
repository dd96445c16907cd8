"""What has changed in this world, for those who want to hear of it: the log's events that have a kind.

Each is kept as a line of JSON. The latest are remembered; who follows is told of each as it happens.
Their numbers grow, also from one agent to the next: they are the time in microseconds, made unique.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import final

from twisted.application.service import Service
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from eve_meta.log import fields

REMEMBERED = 2048
"""Events, of 300 bytes as a rule."""

KINDS: Mapping[str, str] = {
    "ready": "the agent answers at its control socket",
    "problem": "a document is not served, and set aside",
    "answered": "an interface's guest is answered from now on",
    "updated": "a VM's guest is answered from another revision",
    "absent": "an attached interface has vanished; what was made for it is gone, its document is kept",
    "cleared": "what was made for an interface that is not attached is gone",
    "detached": "an interface's document is forgotten, and what was made for it gone",
    "failing": "an interface cannot be answered; it is tried again",
    "recovered": "it is no longer so",
    "refused": "no server takes an interface's document",
    "repaired": "what others had spoiled was put right",
    "asked": "a guest has asked for the first time since it is answered at an interface",
    "user-data": "a guest has read its user data for the first time since its document was changed",
    "password": "a guest has set its password",
    "report": "a guest has [reported](formats.md#what-a-guest-reports) something",
    "server": "a server has ended, or was ended, and is made anew",
}
"""What each kind of event tells."""

_MICROSECONDS = 1_000_000

Follower = Callable[[bytes], None]
"""Called with the line of each event."""


@final
@implementer(ILogObserver)
class Events(Service):
    """Remembers what is logged with a `kind` while it runs."""

    def __init__(self) -> None:
        self._number = 0
        self._lines: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self._followers: set[Follower] = set()

    def startService(self) -> None:
        """Hear what is logged."""
        super().startService()
        globalLogPublisher.addObserver(self)

    def stopService(self) -> None:
        """Hear no more."""
        super().stopService()
        globalLogPublisher.removeObserver(self)

    def __call__(self, event: LogEvent) -> None:
        """Take what is logged."""
        if "kind" not in event:
            return
        self._number = max(self._number + 1, round(event["log_time"] * _MICROSECONDS))
        line = json.dumps({"number": self._number} | dict(fields(event))).encode() + b"\n"
        self._lines.append((self._number, line))
        for each in tuple(self._followers):
            each(line)

    def since(self, number: int) -> Iterator[bytes]:
        """The lines of those behind an event of a number, as far as they are remembered; 0: of all.

        A number that there is not yet is one of another agent, before the clock was set back: that is of all.
        """
        behind = number if number <= self._number else 0
        yield from (line for each, line in self._lines if each > behind)

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Tell of each event that follows; answers how to end that."""
        self._followers.add(follower)
        return lambda: self._followers.discard(follower)
