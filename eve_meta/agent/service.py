"""Composition root of the agent: its parts, and the order in which they start."""

import errno
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast, final

from attrs import frozen
from twisted.application.service import MultiService, Service
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure

from eve_meta.agent import durable
from eve_meta.agent.control_socket import ControlSocket, Place
from eve_meta.agent.events import Events
from eve_meta.agent.forks import ForkServer
from eve_meta.agent.inventory import Inventory
from eve_meta.agent.kernel import Kernel, KernelThread
from eve_meta.agent.lifecycle import Lifecycle
from eve_meta.agent.process import ServerProcess
from eve_meta.agent.reconciler import Reconciler
from eve_meta.agent.reopening import Reopening
from eve_meta.agent.replacement import SIGNAL, Replacement
from eve_meta.agent.server import Server
from eve_meta.agent.servers import Servers
from eve_meta.agent.sockets import Sockets
from eve_meta.agent.spawn import Spawned
from eve_meta.agent.successor import objection
from eve_meta.agent.supervision import Supervision, watchdog_seconds
from eve_meta.agent.supervisor import CONTROL, Supervisor
from eve_meta.agent.watcher import Watcher
from eve_meta.contact import Address, control_socket
from eve_meta.errors import EveMetaError, StorageError
from eve_meta.limits import Limits
from eve_meta.log import start_logging
from eve_meta.settings import Settings
from netns import KNOCKS_MAX, Knocks, NetnsError
from netns.linux import LinuxNetwork

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorFromThreads, IReactorTime

_ENDING = {signal.SIGINT, signal.SIGTERM}

CONNECTING_SECONDS = 0.05
"""For guests that have begun to connect when the agent stops to get in, before servers shut their doors."""

_LOCK = "\0eve-meta-agent"

_log = Logger()


class AnotherAgentError(EveMetaError):
    """Two agents in one network namespace would each remove what the other made."""

    def __str__(self) -> str:
        return "another eve-meta agent runs on this host: stop it first"


@frozen
class DirectoryError(EveMetaError):
    """A directory that the agent needs cannot be used, and what to do about it."""

    path: str
    reason: str
    option: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}: make it writable for root, or name another with {self.option}"


@final
class Agent(MultiService):
    """The agent's parts; each is stopped before the one that it was started after.

    Attributes:
        lifecycle: what may be asked of it.
        events: what it tells of.
        has_failed: whether it could not begin, and so has stopped the reactor.
    """

    has_failed = False

    def __init__(
        self, settings: Settings, kernel: Kernel, servers: Servers, supervisor: Supervisor, reactor: Any
    ) -> None:
        """Put the parts together.

        Raises:
            DirectoryError: the state directory cannot be used.
        """
        super().__init__()
        self._reactor = reactor
        self.events = Events()
        self._are_sockets_kept = supervisor.keeps_descriptors
        with _needed("--state-dir"):
            inventory = Inventory.load(settings.state_dir / "vms")
        self._sockets = Sockets(kernel, supervisor)
        self._sockets.let_go_of_all_but(inventory.interfaces())
        self._reconciler = Reconciler(kernel, inventory, servers, self._sockets, reactor)
        self.lifecycle = Lifecycle(kernel, inventory, self._reconciler, servers, reactor)
        servers.keep_posts(self.lifecycle.keep)
        listeners = self._reconciler.changed, self.lifecycle.changed
        self._watcher = Watcher(reactor, kernel.network, listeners)
        place = Place(control_socket(settings.run_dir), settings.group_id)
        self._control_socket = ControlSocket(place, supervisor)
        self._control: Service | None = None
        self._metrics_address = settings.metrics
        self._reopening = Reopening(inventory, self._sockets, servers, self._reconciler, reactor)
        # The reconciler will be here, too, to stop together: a look that goes on may be waiting for a server.
        self._working = MultiService()
        servers.setServiceParent(self._working)
        for each in (self.events, kernel.thread, self._working):
            each.setServiceParent(self)

    def hand_on(self) -> dict[str, int]:
        """Descriptors of all listening sockets for the next agent, by name, which the caller closes."""
        self._are_sockets_kept = True
        return {CONTROL: self._control_socket.hand_on(), **self._sockets.copies()}

    def startService(self) -> None:
        """Begin to answer guests; then see whether all is as it should be, and hear those who control us.

        Raises:
            ControlSocketError: the control socket cannot be listened on.
        """
        self._control_socket.listen()
        super().startService()
        for problem in self.lifecycle.problems():
            _log.warn("{problem}", kind="problem", problem=problem)
        Deferred.fromCoroutine(self._begin()).addErrback(self._fail)

    async def _begin(self) -> None:
        await self._reopening.reopen()
        if self.running:
            self._control = self._control_service()
            self._control.setServiceParent(self)
            if self._metrics_address:
                self._metrics_service(self._metrics_address).setServiceParent(self)
            # What changes while the first survey is made is told.
            self._watcher.setServiceParent(self)
            self._reconciler.setServiceParent(self._working)

    def _control_service(self) -> Service:
        """What answers at the control socket. It takes a while to import, for which no guest waits."""
        room = import_module("eve_meta.agent.control_service")
        made: Service = room.ControlService(
            self._reactor, self._reactor, self.lifecycle, self.events, self._control_socket
        )
        return made

    def _metrics_service(self, address: Address) -> Service:
        room = import_module("eve_meta.agent.metrics_resource")
        made: Service = room.MetricsService(self._reactor, self.lifecycle, address)
        return made

    def _fail(self, failure: Failure) -> None:
        self.has_failed = True
        _log.failure("the agent could not begin", failure)
        self._reactor.stop()

    def stopService(self) -> "Deferred[None]":
        """Fires when all have stopped."""
        self.running = 0
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._control:
            await maybeDeferred(self._control.stopService)
        else:
            self._control_socket.close()
        if not self._are_sockets_kept:
            self._sockets.ignore_newcomers()
            await deferLater(self._reactor, CONNECTING_SECONDS)
        for each in reversed(self.services):
            await maybeDeferred(each.stopService)
        self._sockets.close()


def run(settings: Settings, spawned: Spawned) -> int:
    """Run an agent until a signal ends it or replaces it; the exit code."""
    supervisor = Supervisor.of_process(os.environ)
    # Who can ask it can end it, too: a signal waits until the reactor takes it.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    reactor.callWhenRunning(signal.pthread_sigmask, signal.SIG_UNBLOCK, _ENDING)
    try:
        network = LinuxNetwork(_knocks(settings.limits))
        network.check()
        lock = _lock()
        _allow_many_descriptors()
        kernel = Kernel(network, KernelThread(reactor))
        forks = ForkServer(reactor, spawned)
        servers = _servers(settings, forks, reactor)
        agent = Agent(settings, kernel, servers, supervisor, reactor)
        supervision = _supervision(agent, kernel, supervisor)
        supervision.setServiceParent(agent)
        start_logging(sys.stderr, os.environ, settings.log)
        agent.startService()
        _log.info("ready: {socket}", kind="ready", socket=control_socket(settings.run_dir))
    except (NetnsError, EveMetaError) as error:
        sys.stderr.write(f"eve-meta: {error}\n")
        return 1

    def stop_for_the_next() -> None:
        reactor.stop()
        supervision.is_replaced = True

    replacement = Replacement(partial(deferToThread, objection), agent.hand_on, stop_for_the_next)
    soon = cast("IReactorFromThreads", reactor).callFromThread
    signal.signal(SIGNAL, lambda *_: soon(replacement.ask))
    with lock:
        reactor.addSystemEventTrigger("before", "shutdown", agent.stopService)
        # What is made by now stays: nobody need look for garbage in it, nor has while it was made.
        gc.freeze()
        gc.enable()
        reactor.run()
        forks.end()
    return replacement.make() if replacement.is_wanted else int(agent.has_failed)


def _allow_many_descriptors() -> None:
    """As many as may be: each interface has a socket here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _knocks(limits: Limits) -> Knocks:
    """Twice what servers take in: the kernel remembers each for a minute, in memory that all share."""
    return Knocks(
        per_second=min(2 * limits.connections_per_second, KNOCKS_MAX),
        burst=min(2 * limits.connections_burst, KNOCKS_MAX),
    )


def _supervision(agent: Agent, kernel: Kernel, supervisor: Supervisor) -> Supervision:
    silence = watchdog_seconds(os.environ, os.getpid())
    clock = cast("IReactorTime", reactor)
    return Supervision(supervisor.notifier, silence, agent.lifecycle, kernel.thread.call, clock)


def _servers(settings: Settings, forks: ForkServer, reactor: Any) -> Servers:
    root = settings.servers_root
    with _needed("--run-dir"), durable.translated(root):
        root.mkdir(mode=0o755, parents=True, exist_ok=True)
    return Servers(tuple(Server(ServerProcess(reactor, forks)) for _ in range(settings.servers)))


@contextmanager
def _needed(option: str) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise DirectoryError(error.path, error.reason, option) from error


def _lock() -> socket.socket:
    """Be the only agent of this network namespace, for as long as the socket is open.

    An abstract name belongs to a network namespace, and goes with its socket however the process ends.
    Source: unix(7).
    """
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(_LOCK)
    except OSError as error:
        lock.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise AnotherAgentError from error
    return lock
