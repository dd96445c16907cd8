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

from eve_meta.accesses import FIRST, LATEST, PROBE, Access, Accesses, Revision
from eve_meta.exchange import Request
from eve_meta.milestones import USER_DATA_PATHS, Milestone
from eve_meta.traffic import Traffic

_MAX_PATH, _MAX_AGENT = 96, 64
_MAX_AGENTS, _MAX_REVISIONS = 16, 16
_OTHER = "?"
_CLASSES = 6
"""Of statuses, by their hundreds."""
_METHODS = {b"GET": 0, b"HEAD": 1, b"PUT": 2, b"POST": 3, b"DELETE": 4}
_METHOD_NAMES = (*(each.decode() for each in _METHODS), _OTHER)
_NOT_READ = Request(b"", b"", {})

_FACTS = struct.Struct("=dIHBB")
"""Of a request: Unix time, bytes of the answer, its status, and the numbers of method and user agent."""

_OK = 200
_PROBE = PROBE.encode()
_USER_DATA = tuple(each.encode() for each in USER_DATA_PATHS)

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
        self._by_class = [0] * _CLASSES
        self._last: object = self
        self._what = b"", 0, 0
        self._awaits_first = self._awaits_user_data = True
        self.on_milestone: Callable[[Milestone], None] = lambda _: None

    def revise(self, now: float, revision: int) -> None:
        """Note that another document is answered from."""
        self._revisions.append((now, revision))
        self._awaits_user_data = True

    def note(self, now: float, request: Request | None, status: int, size: int) -> None:
        """Note a request, and status and size in bytes of its answer; None: it could not be read."""
        if request is not self._last:
            self._last, self._what = request, self._kept_of(request or _NOT_READ)
        path, method, agent = self._what
        number = self._count
        self._count += 1
        self._by_class[status // 100] += 1
        has_user_data = self._awaits_user_data and status == _OK and path.endswith(_USER_DATA)
        if (self._awaits_first or has_user_data) and not _is_probe(request):
            self._reach(has_user_data=has_user_data)
        if number < FIRST + LATEST:
            self._paths.append(path)
            self._facts += _FACTS.pack(now, size, status, method, agent)
        else:
            place = self._place(number)
            self._paths[place] = path
            _FACTS.pack_into(self._facts, place * _FACTS.size, now, size, status, method, agent)

    def _reach(self, *, has_user_data: bool) -> None:
        if self._awaits_first:
            self._awaits_first = False
            self.on_milestone(Milestone.ASKED)
        if has_user_data:
            self._awaits_user_data = False
            self.on_milestone(Milestone.USER_DATA)

    def _kept_of(self, request: Request) -> tuple[bytes, int, int]:
        """Of a request the path, and the numbers of its method and user agent."""
        path, has_query, _ = request.target.partition(b"?")
        if len(path) > _MAX_PATH:
            path = path[:_MAX_PATH]
        elif not has_query:
            # The same object as at other interfaces where the same was asked.
            path = request.target
        agent = self._agent(request.headers.get(b"user-agent", b""))
        return path, _METHODS.get(request.method, len(_METHODS)), agent

    @staticmethod
    def _place(number: int) -> int:
        """Where a request is put, by its number from 0."""
        return number if number < FIRST else FIRST + (number - FIRST) % LATEST

    def _agent(self, name: bytes) -> int:
        """The number of a user agent; of those that there is no room for that of none."""
        known = self._agents.get(name[:_MAX_AGENT])
        if known is not None:
            return known
        if len(self._agents) == _MAX_AGENTS:
            return _MAX_AGENTS
        number = self._agents[name[:_MAX_AGENT]] = len(self._agents)
        return number

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
        return Traffic(
            requests=self._count,
            refused=self._by_class[4],
            failed=self._by_class[5],
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


def _is_probe(request: Request | None) -> bool:
    """Whether an operator asks in the guest's place."""
    return request is not None and request.headers.get(b"user-agent") == _PROBE


def _plain(text: bytes) -> str:
    return text.translate(_PLAIN).decode("ascii")
