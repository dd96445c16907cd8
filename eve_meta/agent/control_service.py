"""The control socket itself: a Unix socket that was never open to others than root and a group.

It goes with the agent, unless the next one will have it: then clients wait in it meanwhile, as guests do.
What was asked before is carried out and answered, if that does not take long.
"""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from eve_meta.agent.acceptor import Acceptor
from eve_meta.agent.control import ControlSite
from eve_meta.agent.pending import Pending
from eve_meta.agent.status import IAgent
from eve_meta.agent.supervisor import CONTROL, Supervisor
from eve_meta.errors import EveMetaError

SOCKET_MODE = 0o600
GROUP_SOCKET_MODE = 0o660
PASSABLE = 0o011
"""What a directory must have in its mode for others to reach what is in it."""

RUN_DIR_MODE = 0o755
BACKLOG = 128

CLIENTS_MAX = 512
"""More wait in the backlog, so that guests' sockets never want for descriptors."""

ASKING_SECONDS = 0.1
"""How long an agent that stops waits for those who are connected to ask…"""

FINISHING_SECONDS = 2.0
"""…then goes on with what it was asked…"""

READING_SECONDS = 0.5
"""…and then waits for those who read slowly."""


@frozen
class ControlSocketError(EveMetaError):
    """The control socket cannot be listened on, and what to do about it."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@frozen
class Place:
    """Where the agent listens, and for whom.

    Attributes:
        path: of the socket.
        group: the number of the group whose members may connect, besides root; None: nobody.
    """

    path: Path
    group: int | None = None

    def admit(self) -> None:
        """Let in who may connect, and nobody who might before."""
        self.path.chmod(SOCKET_MODE)
        if self.group is not None:
            os.chown(self.path, -1, self.group)
            self.path.chmod(GROUP_SOCKET_MODE)
            directory = self.path.parent
            directory.chmod(stat.S_IMODE(directory.stat().st_mode) | PASSABLE)


class _Clients(WrappingFactory):
    """Knows who is connected."""

    noisy = False

    def __init__(self, site: ControlSite) -> None:
        super().__init__(site)
        self.connected = Pending()

    def has_room(self) -> bool:
        """Whether one more may be connected."""
        return len(self.protocols) < CLIENTS_MAX

    def registerProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802 - Twisted's
        """Called by Twisted when a client is there."""
        super().registerProtocol(p)
        self.connected.begin()

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:  # noqa: N802 - Twisted's
        """Called by Twisted when a client has gone."""
        super().unregisterProtocol(p)
        self.connected.end()


class ControlService(Service):
    """Listens on the control socket while it runs; no client outlives it.

    `startService` raises `ControlSocketError`.
    """

    _listening: socket.socket
    _acceptor: Acceptor

    def __init__(
        self, reactor: Any, clock: IReactorTime, agent: IAgent, place: Place, supervisor: Supervisor
    ) -> None:
        self._reactor = reactor
        self._place = place
        self._path = place.path
        self._supervisor = supervisor
        self._is_kept = supervisor.keeps_descriptors
        self._clock = clock
        self._site = ControlSite(agent, clock)
        self._factory = _Clients(self._site)

    def startService(self) -> None:
        """Listen, at the socket that an agent has left, or else in the place of one that was killed."""
        with _translated(self._path):
            self._listening = self._found() or self._made()
            self._place.admit()
        self._acceptor = Acceptor(self._reactor, self._listening, self._factory, self._factory.has_room)
        self._acceptor.start()
        super().startService()

    def _found(self) -> socket.socket | None:
        """What an agent has left, if who connects to the path reaches it."""
        found = self._supervisor.sockets.get(CONTROL)
        if found is None or (found.getsockname() == str(self._path) and self._path.is_socket()):
            return found
        found.close()
        if self._supervisor.keeps_descriptors:
            self._supervisor.notifier.tell(FDSTOREREMOVE="1", FDNAME=CONTROL)
        return None

    def _made(self) -> socket.socket:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=RUN_DIR_MODE)
        clear(self._path)
        listening = socket.socket(socket.AF_UNIX)
        with _only_ours():
            listening.bind(str(self._path))
        listening.listen(BACKLOG)
        if self._supervisor.keeps_descriptors:
            self._supervisor.notifier.tell_with([listening.fileno()], FDSTORE="1", FDNAME=CONTROL)
        return listening

    def hand_on(self) -> int:
        """A descriptor of the socket for the next agent, which the caller closes; it stays where it is."""
        self._is_kept = True
        return os.dup(self._listening.fileno())

    def stopService(self) -> "Deferred[None]":
        """Fires when nobody else is let in, and those who asked are answered, or let go."""
        if not self.running:
            return succeed(None)
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._acceptor.stop()
        if not self._is_kept:
            self._path.unlink(missing_ok=True)
        self._listening.close()
        await self._until(self._factory.connected.ended(), ASKING_SECONDS)
        await self._until(self._site.answering.ended(), FINISHING_SECONDS)
        for client in list(self._factory.protocols):
            client.transport.loseConnection()
        await self._until(self._factory.connected.ended(), READING_SECONDS)
        for client in list(self._factory.protocols):
            client.transport.abortConnection()

    async def _until(self, ended: "Deferred[None]", seconds: float) -> None:
        """Return when something has ended, or after a time."""
        with suppress(TooLateError):
            await ended.addTimeout(seconds, self._clock)


def clear(path: Path) -> None:
    """Remove the socket of an agent that was killed.

    Raises:
        ControlSocketError: an agent answers there, or it is something else.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ControlSocketError(str(path), "is not a socket: move it away, or name another --run-dir")
        if _answers(path):
            raise ControlSocketError(
                str(path), "another agent is running: stop it, or name another --run-dir"
            )
        path.unlink()


def _answers(path: Path) -> bool:
    """Whether somebody listens; a full backlog is somebody."""
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)  # noqa: FBT003 - the library's own
        return client.connect_ex(str(path)) in (0, errno.EAGAIN)


@contextmanager
def _only_ours() -> Iterator[None]:
    """Files made meanwhile have no mode for others: chmod after bind would leave a moment for them."""
    before = os.umask(0o777 & ~SOCKET_MODE)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ControlSocketError(str(path), error.strerror or str(error)) from error
