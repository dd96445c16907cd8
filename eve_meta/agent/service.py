"""Composition root of the agent: its parts, and the order in which they start."""

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

from attrs import frozen
from twisted.application.service import MultiService
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from eve_meta.agent import durable
from eve_meta.agent.control_service import ControlService
from eve_meta.agent.inventory import Inventory
from eve_meta.agent.kernel import IKernelThread, Kernel, KernelThread
from eve_meta.agent.lifecycle import Lifecycle
from eve_meta.agent.process import ServerProcess
from eve_meta.agent.reconciler import Reconciler
from eve_meta.agent.servers import Server, Servers
from eve_meta.agent.watcher import Watcher
from eve_meta.contact import control_socket
from eve_meta.errors import EveMetaError, StorageError
from eve_meta.log import start_logging
from eve_meta.settings import Settings
from netns import INetwork, NetnsError
from netns.linux import LinuxNetwork

EMPTY_ROOT = "root"
"""In the run directory: where servers are confined to."""

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
    """

    def __init__(
        self, settings: Settings, network: INetwork, servers: Servers, thread: IKernelThread, reactor: Any
    ) -> None:
        """Put the parts together.

        Raises:
            DirectoryError: the state directory cannot be used.
        """
        super().__init__()
        with _needed("--state-dir"):
            inventory = Inventory.load(settings.state_dir / "vms")
        for problem in inventory.problems:
            _log.warn("{problem}", problem=problem)
        kernel = Kernel(network, thread.call)
        reconciler = Reconciler(kernel, inventory, servers, reactor)
        self.lifecycle = Lifecycle(kernel, inventory, reconciler, servers, reactor)
        servers.keep_passwords(self.lifecycle.keep_password)
        watcher = Watcher(reactor, network, (reconciler.changed, self.lifecycle.changed))
        control = ControlService(reactor, reactor, self.lifecycle, control_socket(settings.run_dir))
        # These two stop together: the look that goes on may be waiting for a server.
        working = MultiService()
        servers.setServiceParent(working)
        reconciler.setServiceParent(working)
        for each in (thread, working, watcher, control):
            each.setServiceParent(self)

    def stopService(self) -> "Deferred[None]":
        """Fires when all have stopped."""
        self.running = 0
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for each in reversed(self.services):
            await maybeDeferred(each.stopService)


def run(settings: Settings) -> int:
    """Run an agent until a signal ends it; the exit code."""
    try:
        network = LinuxNetwork()
        network.check()
        lock = _lock()
        agent = Agent(settings, network, _servers(settings, reactor), KernelThread(reactor), reactor)
        start_logging(sys.stderr)
        agent.startService()
        _log.info("ready: {socket}", socket=control_socket(settings.run_dir))
    except (NetnsError, EveMetaError) as error:
        sys.stderr.write(f"eve-meta: {error}\n")
        return 1
    with lock:
        reactor.addSystemEventTrigger("before", "shutdown", agent.stopService)
        reactor.run()
    return 0


def _servers(settings: Settings, reactor: Any) -> Servers:
    root = settings.run_dir / EMPTY_ROOT
    with _needed("--run-dir"), durable.translated(root):
        root.mkdir(mode=0o755, parents=True, exist_ok=True)
    options = ("--root", str(root), "--user", settings.user)
    return Servers(tuple(Server(ServerProcess(reactor, options)) for _ in range(settings.servers)))


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
