"""The agent's side of the fork server: processes that are asked for, and known by a descriptor each."""

import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.logger import Logger

from eve_meta.agent.parentage import is_child
from eve_meta.agent.readable import Readable
from eve_meta.agent.spawn import Spawned, spawn
from eve_meta.errors import EveMetaError
from eve_meta.messages import FORKED

FORKING_SECONDS = 30.0
"""After which a fork server that has not answered is given up. It has imports to make at first."""

_CUT = socket.MSG_TRUNC | socket.MSG_CTRUNC
"""Of a message that was longer than any, or came with more descriptors. Source: recvmsg(2)."""


class ServerGoneError(EveMetaError):
    """The process died before it answered."""

    def __str__(self) -> str:
        return "the server ended before it had answered: see the agent's log"


@final
class Forked:
    """A process that was forked for us: no child of ours, but known by a pidfd, as no other ever is.

    Attributes:
        pid: its number, for people.
    """

    def __init__(self, reactor: Any, pid: int, pidfd: int) -> None:
        self.pid = pid
        self._reactor = reactor
        self._pidfd = pidfd
        self._end = Readable(pidfd, self._ended)
        self._on_end: Callable[[], None] = lambda: None

    def watch(self, on_end: Callable[[], None]) -> None:
        """Have something called once it has ended."""
        self._on_end = on_end
        self._reactor.addReader(self._end)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    def close(self) -> None:
        """Forget it, whatever comes of it."""
        self._reactor.removeReader(self._end)
        os.close(self._pidfd)

    def _ended(self) -> None:
        self.close()
        self._on_end()


@final
class ForkServer:
    """Makes processes out of one that has imported what they need; started again if that one has ended."""

    _log = Logger()

    def __init__(self, reactor: Any, spawned: Spawned) -> None:
        """Take a reactor that watches descriptors, and a fork server, which will be followed by its like."""
        self._reactor = reactor
        self._options = spawned.options
        self._waiting: deque[Deferred[Forked]] = deque()
        self._spawned: Spawned | None = None
        self._take(spawned)

    async def fork(self, link: socket.socket) -> Forked:
        """A process that serves at the other end of a link, which the caller closes.

        Raises:
            ServerGoneError: there is none: the fork server has ended, or does not answer.
        """
        try:
            spawned = self._spawned or self._take(spawn(self._options))
            socket.send_fds(spawned.socket, [b"\0"], [link.fileno()])
        except OSError as error:
            self.end()
            raise ServerGoneError from error
        forked: Deferred[Forked] = Deferred()
        self._waiting.append(forked)
        try:
            return await forked.addTimeout(FORKING_SECONDS, self._reactor)
        except TooLateError as error:
            self.end()
            raise ServerGoneError from error

    def end(self) -> None:
        """End the fork server, if there is one; the processes that it has made go on."""
        spawned, self._spawned = self._spawned, None
        if spawned is None:
            return
        self._reactor.removeReader(self._replies)
        spawned.socket.close()
        os.kill(spawned.pid, signal.SIGKILL)
        os.waitpid(spawned.pid, 0)
        waiting, self._waiting = self._waiting, deque()
        for each in waiting:
            each.errback(ServerGoneError())

    def _take(self, spawned: Spawned) -> Spawned:
        self._spawned = spawned
        self._replies = Readable(spawned.socket.fileno(), self._read)
        self._reactor.addReader(self._replies)
        return spawned

    def _read(self) -> None:
        """Take one answer; there is none when the fork server has ended."""
        if self._spawned is None:
            return
        with suppress(ConnectionError):
            message, descriptors, flags, _ = socket.recv_fds(self._spawned.socket, FORKED.size, 1)
            if not message:
                self.end()
            elif flags & _CUT or not self._is_answer(self._spawned.pid, message, descriptors):
                self._distrust(descriptors)
            else:
                (pid,) = FORKED.unpack(message)
                self._waiting.popleft().callback(Forked(self._reactor, pid, *descriptors))
            return
        self.end()

    def _is_answer(self, fork_server: int, message: bytes, descriptors: Sequence[int]) -> bool:
        """Whether somebody has asked for it, and it is what it must be."""
        if not self._waiting or len(message) != FORKED.size or len(descriptors) != 1:
            return False
        (pid,) = FORKED.unpack(message)
        return is_child(descriptors[0], pid, fork_server)

    def _distrust(self, descriptors: Sequence[int]) -> None:
        """End a fork server that says what none says: what it hands us we would send signals to."""
        self._log.error("the fork server has answered what is no answer: ended")
        for each in descriptors:
            os.close(each)
        self.end()
