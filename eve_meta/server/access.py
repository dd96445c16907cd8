"""What was asked at one interface and how it was answered, as far as is remembered: its access log.

Note [What is remembered]
    The first requests since the door was opened, which are the boot, and the latest. What came between is
    counted. A guest decides what it asks, so what is kept of each is bounded, and as plain as a log's line:
    what is no printable ASCII, a quote or a backslash shows as `?`. What a guest sends besides, and what it
    is answered, is not kept: both hold secrets, and so does a query.
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import final

from eve_meta.accesses import FIRST, LATEST, Access, Accesses, Revision
from eve_meta.milestones import Milestone
from eve_meta.server.asked import METHODS, Asked
from eve_meta.traffic import Outcomes, Traffic

_MAX_AGENTS, _MAX_REVISIONS = 16, 16
_OTHER = "?"
_OUTCOMES = (0, 0, 0, 0, 1, 2)
"""The place of each class of statuses in `eve_meta.traffic.Outcomes`, by the hundreds of these."""
_METHOD_NAMES = (*METHODS, _OTHER)

_FACTS = struct.Struct("=dIHBB")
"""Of a request: Unix time, bytes of the answer, its status, and the numbers of method and user agent."""

_OK = 200

_KEPT = bytes(each for each in range(128) if chr(each).isprintable() and chr(each) not in '"\\')
_PLAIN = bytes(each if each in _KEPT else ord(_OTHER) for each in range(256))


@final
class AccessLog:
    """See Note [What is remembered].

    Attributes:
        on_milestone: called when the guest has come to one.
    """

    def __init__(self, now: float, revision: int) -> None:
        """Begin with the revision of the document that is answered from; times are Unix times."""
        self._since = now
        self._revisions = deque([(now, revision)], maxlen=_MAX_REVISIONS)
        self._agents: dict[bytes, int] = {}
        self._paths: list[bytes] = []
        self._facts = bytearray()
        self._count = 0
        self._outcomes: dict[str, list[int]] = {}
        self._awaits_first = self._awaits_user_data = True
        self.on_milestone: Callable[[Milestone], None] = lambda _: None

    def revise(self, now: float, revision: int) -> None:
        """Note that another document is answered from."""
        self._revisions.append((now, revision))
        self._awaits_user_data = True

    def note(self, now: float, asked: Asked, status: int, size: int) -> None:
        """Note what was asked, and status and size in bytes of its answer."""
        number = self._count
        self._count = number + 1
        outcomes = self._outcomes.get(asked.format)
        if outcomes is None:
            outcomes = self._outcomes[asked.format] = [0, 0, 0]
        outcomes[_OUTCOMES[status // 100]] += 1
        if self._awaits_first or (asked.is_for_user_data and self._awaits_user_data):
            self._mark(asked, status)
        agent = self._agents.get(asked.agent)
        if agent is None:
            agent = self._number(asked.agent)
        if number < FIRST + LATEST:
            self._paths.append(asked.path)
            self._facts += _FACTS.pack(now, size, status, asked.method, agent)
        else:
            place = self._place(number)
            self._paths[place] = asked.path
            _FACTS.pack_into(self._facts, place * _FACTS.size, now, size, status, asked.method, agent)

    def _mark(self, asked: Asked, status: int) -> None:
        """Tell of a milestone, if this is one."""
        if asked.is_probe:
            return
        if self._awaits_first:
            self._awaits_first = False
            self.on_milestone(Milestone.ASKED)
        if asked.is_for_user_data and self._awaits_user_data and status == _OK:
            self._awaits_user_data = False
            self.on_milestone(Milestone.USER_DATA)

    @staticmethod
    def _place(number: int) -> int:
        """Where a request is put, by its number from 0."""
        return number if number < FIRST else FIRST + (number - FIRST) % LATEST

    def _number(self, agent: bytes) -> int:
        """The number of a user agent that has none; of those that there is no room for that of none."""
        if len(self._agents) == _MAX_AGENTS:
            return _MAX_AGENTS
        return self._agents.setdefault(agent, len(self._agents))

    def all(self) -> Accesses:
        """What is remembered."""
        return Accesses(
            since=self._since,
            revisions=[Revision(at=at, revision=revision) for at, revision in self._revisions],
            count=self._count,
            requests=[self._request(each) for each in self._places()],
        )

    def traffic(self, connections: int) -> Traffic:
        """The same in numbers, with that of the connections that are open."""
        last = self._request(self._place(self._count - 1)) if self._count else None
        return Traffic.of(
            {name: Outcomes(*each) for name, each in self._outcomes.items()},
            connections=connections,
            last_at=last.at if last else None,
            last_path=last.path if last else "",
        )

    def _places(self) -> Iterator[int]:
        """Where requests are, oldest first: of the latest the one that is next to be forgotten."""
        places = range(len(self._paths))
        yield from places[:FIRST]
        oldest = self._place(self._count) if self._count > FIRST + LATEST else FIRST
        yield from places[oldest:]
        yield from places[FIRST:oldest]

    def _request(self, place: int) -> Access:
        at, size, status, method, agent = _FACTS.unpack_from(self._facts, place * _FACTS.size)
        agents = [*self._agents, _OTHER.encode()]
        return Access(
            at=at,
            method=_METHOD_NAMES[method],
            path=_plain(self._paths[place]),
            status=status,
            bytes=size,
            agent=_plain(agents[agent]),
        )


def _plain(text: bytes) -> str:
    return text.translate(_PLAIN).decode("ascii")
