"""The control socket itself: a Unix socket that was never open to others, while the agent runs."""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime, IReactorUNIX
from twisted.protocols.policies import WrappingFactory

from eve_meta.agent.control import ControlSite
from eve_meta.agent.status import IAgent
from eve_meta.errors import EveMetaError

SOCKET_MODE = 0o600
RUN_DIR_MODE = 0o755


@frozen
class ControlSocketError(EveMetaError):
    """The control socket cannot be listened on, and what to do about it."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ControlService(Service):
    """Listens on the control socket while it runs; no client outlives it.

    `startService` raises `ControlSocketError`.
    """

    def __init__(self, reactor: IReactorUNIX, clock: IReactorTime, agent: IAgent, path: Path) -> None:
        self._reactor = reactor
        self._path = path
        self._factory = WrappingFactory(ControlSite(agent, clock))
        self._factory.noisy = False
        self._port: IListeningPort | None = None

    def startService(self) -> None:
        """Listen, in the place of an agent that was killed."""
        with _translated(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=RUN_DIR_MODE)
            clear(self._path)
            with _only_ours():
                self._port = self._reactor.listenUNIX(
                    str(self._path),
                    self._factory,  # type: ignore[arg-type]  # a factory of wrappers is one of protocols
                    mode=SOCKET_MODE,
                )
        super().startService()

    def stopService(self) -> "Deferred[None]":
        """Fires when the socket is gone and every client let go."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port = self._port, None
        if port:
            with suppress(FileNotFoundError):
                await maybeDeferred(port.stopListening)
        for client in list(self._factory.protocols):
            client.transport.abortConnection()


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
    except CannotListenError as error:
        raise ControlSocketError(str(path), str(error.socketError)) from error
    except OSError as error:
        raise ControlSocketError(str(path), error.strerror or str(error)) from error
