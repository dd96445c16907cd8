"""One server process and the link to it; started again when it dies."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost, ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol, ServerFactory
from twisted.logger import Logger
from twisted.protocols.amp import Command
from twisted.python.failure import Failure
from zope.interface import Attribute, implementer

from eve_meta.agent.link import ServerLink
from eve_meta.agent.timers import Timers
from eve_meta.errors import EveMetaError
from eve_meta.messages import AreYouThere, KeepPassword

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProcessTransport

LINK_DESCRIPTOR = 3
"""Where a server finds the agent's socket."""

RESTART_SECONDS = (0.0, 0.1, 0.5, 2.0, 5.0)
"""Before the first, second… start after a death; the last for all further ones."""

STEADY_SECONDS = 30
"""A process that lived so long begins the row of pauses anew."""

STOPPING_SECONDS = 5.0
"""After which a process that was told to end is made to."""

ASKED_SECONDS = 2.0
"""Between two questions whether a process is there."""

SILENT_SECONDS = 6.0
"""Without an answer to one, before it is ended. A guest waits 10 s and more."""

_INHERITED = ("JOURNAL_STREAM", "LANG", "LC_ALL", "PATH", "PYTHONPATH")


class ServerGoneError(EveMetaError):
    """The process died before it answered."""

    def __str__(self) -> str:
        return "the server ended before it had answered: see the agent's log"


class IServerProcess(IService):
    """Keeps one process running for as long as the service does."""

    on_start: Callable[[], None] = Attribute("Called when a process has been started and can be asked.")
    keep_password: KeepPassword = Attribute("Called with what a guest of the process has set.")
    pid: int | None = Attribute("Of the process; None while there is none.")

    async def ask(command: type[Command], **arguments: object) -> None:
        """Ask the process for something; returns when it has answered.

        Raises:
            ServerGoneError: there is no process, or it died meanwhile.
        """


@final
@implementer(IServerProcess)
class ServerProcess(Service):
    """A child of ours, started again with growing pauses when it dies."""

    keep_password: KeepPassword
    _log = Logger()

    def __init__(self, reactor: Any, options: tuple[str, ...]) -> None:
        """Take a reactor that spawns processes, adopts sockets and tells the time.

        Args:
            reactor: the reactor.
            options: the arguments that a server is started with.
        """
        self.on_start: Callable[[], None] = lambda: None
        self._reactor = reactor
        self._timers = Timers(reactor)
        self._options = options
        self._link: ServerLink | None = None
        self._transport: IProcessTransport | None = None
        self._deaths = 0
        self._started_at = 0.0
        self._ended: list[Deferred[None]] = []

    @property
    def pid(self) -> int | None:
        """See `IServerProcess.pid`."""
        return self._transport.pid if self._transport else None

    async def ask(self, command: type[Command], **arguments: object) -> None:
        """See `IServerProcess.ask`."""
        if self._link is None or self._link.transport is None:
            raise ServerGoneError
        try:
            await self._link.callRemote(command, **arguments)
        except (ConnectionDone, ConnectionLost) as error:
            raise ServerGoneError from error

    def startService(self) -> None:
        """Start the first process."""
        super().startService()
        self._start()

    def stopService(self) -> "Deferred[None]":
        """End the process; fires when it is gone."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._transport is None:
            return
        gone: Deferred[None] = Deferred()
        self._ended.append(gone)
        self._timers.set("kill", STOPPING_SECONDS, lambda: self._signal("KILL"))
        self._signal("TERM")
        await gone

    def _signal(self, name: str) -> None:
        if self._transport:
            with suppress(ProcessExitedAlready):
                self._transport.signalProcess(name)

    def _start(self) -> None:
        if not self.running:
            return
        ours, theirs = socket.socketpair()
        with ours, theirs, Path(os.devnull).open("rb") as nothing:
            self._transport = self._reactor.spawnProcess(
                _Watcher(self._on_end),
                sys.executable,
                [sys.executable, "-P", "-m", "eve_meta.server", *self._options],
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                childFDs={0: nothing.fileno(), 1: 2, 2: 2, LINK_DESCRIPTOR: theirs.fileno()},
            )
            ours.setblocking(False)  # noqa: FBT003 - the socket module's way
            self._link = link = ServerLink(self.keep_password)
            factory = ServerFactory.forProtocol(lambda: link)
            self._reactor.adoptStreamConnection(ours.fileno(), ours.family, factory)
        self._started_at = self._reactor.seconds()
        self._ask_later(link)
        self.on_start()

    def _ask_later(self, link: ServerLink) -> None:
        """Find out, again and again, whether a process that is there does anything."""
        self._timers.set("ask", ASKED_SECONDS, lambda: self._ask_whether_there(link))

    def _ask_whether_there(self, link: ServerLink) -> None:
        self._timers.set("silent", SILENT_SECONDS, self._end_the_silent)
        answered = link.callRemote(AreYouThere)
        answered.addCallbacks(lambda _: self._there(link), _ignore_loss)

    def _there(self, link: ServerLink) -> None:
        self._timers.cancel("silent")
        self._ask_later(link)

    def _end_the_silent(self) -> None:
        self._log.error("a server has not answered for {seconds} s: ended", seconds=SILENT_SECONDS)
        self._signal("KILL")

    def _on_end(self, reason: Failure) -> None:
        self._link = self._transport = None
        for name in ("ask", "silent", "kill"):
            self._timers.cancel(name)
        waiting, self._ended = self._ended, []
        for each in waiting:
            each.callback(None)
        if self.running:
            self._log.error("a server ended and is started again: {why}", why=reason.getErrorMessage())
            self._reactor.callLater(self._pause(), self._start)

    def _pause(self) -> float:
        if self._reactor.seconds() - self._started_at >= STEADY_SECONDS:
            self._deaths = 0
        self._deaths += 1
        return RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS)) - 1]


def _ignore_loss(failure: Failure) -> None:
    failure.trap(ConnectionDone, ConnectionLost)


@final
class _Watcher(ProcessProtocol):
    def __init__(self, on_end: Callable[[Failure], None]) -> None:
        self._on_end = on_end

    def processEnded(self, reason: Failure) -> None:
        self._on_end(reason)
