"""One server process and the link to it; started again when it dies."""

import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, final

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.amp import Command
from twisted.python.failure import Failure
from zope.interface import Attribute, implementer

from eve_meta.agent.forks import Forked, ForkServer, ServerGoneError
from eve_meta.agent.link import ServerLink
from eve_meta.agent.timers import Timers
from eve_meta.messages import AreYouThere, Keeper, MilestoneTeller

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


class IServerProcess(IService):
    """Keeps one process running for as long as the service does."""

    on_start: Callable[[], None] = Attribute("Called when a process has been started and can be asked.")
    keep: Keeper = Attribute("Called with what a guest of the process has posted.")
    tell_milestone: MilestoneTeller = Attribute("Called when a guest of the process has come to one.")
    pid: int | None = Attribute("Of the process; None while there is none.")

    async def ask(command: type[Command], **arguments: object) -> Mapping[str, Any]:
        """Ask the process for something; its answer.

        Raises:
            ServerGoneError: there is no process, or it died meanwhile.
        """


@final
@implementer(IServerProcess)
class ServerProcess(Service):
    """A process that was forked for us, and another with growing pauses when it dies."""

    keep: Keeper
    tell_milestone: MilestoneTeller
    _log = Logger()

    def __init__(self, reactor: Any, forks: ForkServer) -> None:
        """Take a reactor that adopts sockets and tells the time, and what processes are asked of."""
        self.on_start: Callable[[], None] = lambda: None
        self._reactor = reactor
        self._timers = Timers(reactor)
        self._forks = forks
        self._link: ServerLink | None = None
        self._process: Forked | None = None
        self._deaths = 0
        self._started_at = 0.0
        self._ended: list[Deferred[None]] = []

    @property
    def pid(self) -> int | None:
        """See `IServerProcess.pid`."""
        return self._process.pid if self._process else None

    async def ask(self, command: type[Command], **arguments: object) -> Mapping[str, Any]:
        """See `IServerProcess.ask`."""
        if self._link is None or self._link.transport is None:
            raise ServerGoneError
        try:
            answer: Mapping[str, Any] = await self._link.callRemote(command, **arguments)
        except (ConnectionDone, ConnectionLost) as error:
            raise ServerGoneError from error
        return answer

    def startService(self) -> None:
        """Have the first process made."""
        super().startService()
        self._start()

    def stopService(self) -> "Deferred[None]":
        """End the process; fires when it is gone."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._process is None:
            return
        gone: Deferred[None] = Deferred()
        self._ended.append(gone)
        self._timers.set("kill", STOPPING_SECONDS, self._kill)
        self._process.signal(signal.SIGTERM)
        await gone

    def _kill(self) -> None:
        if self._process:
            self._process.signal(signal.SIGKILL)

    def _start(self) -> None:
        if self.running:
            self._started_at = self._reactor.seconds()
            started = Deferred.fromCoroutine(self._begin())
            started.addErrback(lambda failure: self._log.failure("a server was not started", failure))

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                process = await self._forks.fork(theirs)
            except ServerGoneError:
                self._start_again()
                return
            if not self.running:
                # It ends without its link.
                process.close()
                return
            ours.setblocking(False)  # noqa: FBT003 - the socket module's way
            self._link = link = ServerLink(self.keep, self.tell_milestone, partial(self._hung_up, process))
            factory = ServerFactory.forProtocol(lambda: link)
            self._reactor.adoptStreamConnection(ours.fileno(), ours.family, factory)
        self._process = process
        process.watch(self._on_end)
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
        self._log.error(
            "a server has not answered for {seconds} s: ended", kind="server", seconds=SILENT_SECONDS
        )
        self._kill()

    def _hung_up(self, process: Forked) -> None:
        """End a process that cannot be asked any more; one that is told to end does so by itself."""
        if self.running and process is self._process:
            self._kill()

    def _on_end(self) -> None:
        self._link = self._process = None
        for name in ("ask", "silent", "kill"):
            self._timers.cancel(name)
        waiting, self._ended = self._ended, []
        for each in waiting:
            each.callback(None)
        self._start_again()

    def _start_again(self) -> None:
        if self.running:
            self._log.error("a server ended and is started again", kind="server")
            self._reactor.callLater(self._pause(), self._start)

    def _pause(self) -> float:
        if self._reactor.seconds() - self._started_at >= STEADY_SECONDS:
            self._deaths = 0
        self._deaths += 1
        return RESTART_SECONDS[min(self._deaths, len(RESTART_SECONDS)) - 1]


def _ignore_loss(failure: Failure) -> None:
    failure.trap(ConnectionDone, ConnectionLost)
