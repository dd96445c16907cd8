"""The control socket itself: a Unix socket that was never open to others than root and a group.

It goes with the agent, unless the next one will have it: then clients wait in it meanwhile, as guests do.
"""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import final

from attrs import frozen

from eve_meta.agent.supervisor import CONTROL, Supervisor
from eve_meta.errors import EveMetaError

SOCKET_MODE = 0o600
GROUP_SOCKET_MODE = 0o660
PASSABLE = 0o011
"""What a directory must have in its mode for others to reach what is in it."""

RUN_DIR_MODE = 0o755
BACKLOG = 128


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


@final
class ControlSocket:
    """The socket that clients connect to, from `listen` to `close`.

    Attributes:
        listening: it; clients wait in it until somebody lets them in.
    """

    listening: socket.socket

    def __init__(self, place: Place, supervisor: Supervisor) -> None:
        self._place = place
        self._path = place.path
        self._supervisor = supervisor
        self._is_kept = supervisor.keeps_descriptors

    def listen(self) -> None:
        """Listen, at the socket that an agent has left, or else in the place of one that was killed.

        Raises:
            ControlSocketError: it cannot be listened on.
        """
        with _translated(self._path):
            self.listening = self._found() or self._made()
            self._place.admit()

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
        return os.dup(self.listening.fileno())

    def close(self) -> None:
        """Let nobody else in; where nobody keeps the socket, it is gone."""
        if not self._is_kept:
            self._path.unlink(missing_ok=True)
        self.listening.close()


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
