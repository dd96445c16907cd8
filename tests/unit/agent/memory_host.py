"""An agent whose kernel, servers and clock are in memory: everything else of it is what runs on a host."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.amp import Command
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eve_meta.agent.forks import ServerGoneError
from eve_meta.agent.kernel import Call, IKernelThread, Kernel
from eve_meta.agent.process import IServerProcess
from eve_meta.agent.record import Wish
from eve_meta.agent.server import Server
from eve_meta.agent.servers import Servers
from eve_meta.agent.service import CONNECTING_SECONDS, Agent
from eve_meta.agent.status import Status
from eve_meta.agent.supervisor import Supervisor
from eve_meta.canonical import canonical
from eve_meta.document import parse
from eve_meta.limits import Limits
from eve_meta.messages import (
    BriefRefusedError,
    CloseDoor,
    Keeper,
    MilestoneTeller,
    OpenDoors,
    ReadAccessLog,
    ReadTotals,
    ReadTraffic,
    Refresh,
)
from eve_meta.server.door import Door
from eve_meta.server.doors import Doors
from eve_meta.server.link import AgentLink
from eve_meta.settings import Settings
from netns.memory import MemoryNetwork
from tests.unit.transport import GuestTransport

PID = 4242


@implementer(IServerProcess)
class MemoryProcess(Service):
    """A server in this process, which is asked without a connection. It has its own copies of descriptors.

    Attributes:
        asked: the commands that were carried out, each with the interface or interfaces it was about.
        refused: the commands whose briefs are refused at present.
    """

    keep: Keeper
    tell_milestone: MilestoneTeller

    def __init__(self, reactor: Any) -> None:
        self.on_start = lambda: None
        self.pid: int | None = None
        self.refused: frozenset[type[Command]] = frozenset()
        self.asked: list[tuple[type[Command], object]] = []
        self._reactor = reactor
        self._doors = Doors(reactor, Limits())

    def startService(self) -> None:
        super().startService()
        self.start()

    def stopService(self) -> "Deferred[None]":
        super().stopService()
        return self.die()

    def start(self) -> None:
        """Start a process that has been told nothing."""
        self._doors = Doors(self._reactor, Limits())
        self._doors.keep = self.keep
        self._doors.tell_milestone = self.tell_milestone
        self._doors.startService()
        link = AgentLink(self._doors, self._reactor, lambda: None)
        self._responders: dict[type[Command], Callable[..., Any]] = {
            OpenDoors: link.open_doors,
            Refresh: link.refresh,
            CloseDoor: link.close_door,
            ReadAccessLog: link.read_access_log,
            ReadTraffic: link.read_traffic,
            ReadTotals: link.read_totals,
        }
        self.pid = PID
        self.on_start()

    def die(self) -> "Deferred[None]":
        """End the process, if there is one, with all that it had open."""
        self.pid = None
        return maybeDeferred(self._doors.stopService)

    async def ask(self, command: type[Command], **arguments: Any) -> Mapping[str, Any]:
        """See `ServerProcess.ask`."""
        if self.pid is None:
            raise ServerGoneError
        if command in self.refused and command is OpenDoors:
            return {"refusals": ["as the test says" for _ in arguments["interfaces"]]}
        if command in self.refused:
            raise BriefRefusedError("as the test says")
        for name in {"brief", "briefs", "sockets"} & arguments.keys():
            arguments[name] = os.dup(arguments[name])
        answer: Mapping[str, Any] = await maybeDeferred(self._responders[command], **arguments)
        self.asked.append((command, arguments.get("interface") or tuple(arguments.get("interfaces", ()))))
        return answer

    def door(self, interface: str) -> Door | None:
        """What guests of an interface find here."""
        door: Door | None = self._doors.namedServices.get(interface) if self.pid else None
        return door


@implementer(IKernelThread)
class NoThread(Service):
    """Makes blocking calls where it stands."""

    call: Call = staticmethod(maybeDeferred)  # type: ignore[arg-type] # it is generic


def make_agent(
    directory: Path,
    network: MemoryNetwork,
    reactor: Any,
    servers: int = 1,
    supervisor: Supervisor = Supervisor(),  # noqa: B008 - a value
) -> tuple[Agent, tuple[MemoryProcess, ...]]:
    """An agent, not yet started, and its servers."""
    processes = tuple(MemoryProcess(reactor) for _ in range(servers))
    settings = Settings(state_dir=directory / "state", run_dir=directory / "run", servers=servers)
    made = Servers(tuple(Server(each) for each in processes))
    return Agent(settings, Kernel(network, NoThread()), made, supervisor, reactor), processes


def ask_as_guest(
    network: MemoryNetwork, processes: tuple[MemoryProcess, ...], interface: str, request: bytes
) -> bytes | None:
    """What a guest behind an interface is sent; None where its frames reach no open door."""
    door = next(filter(None, (each.door(interface) for each in processes)), None)
    if door is None or not network.see(interface).is_wired:
        return None
    transport = GuestTransport()
    channel = door.site.buildProtocol(None)
    channel.makeConnection(transport)
    channel.dataReceived(request)
    channel.connectionLost(Failure(ConnectionDone()))
    sent: bytes = transport.value()
    return sent


def wish(document: Mapping[str, object]) -> Wish:
    """For the VM that a document describes."""
    vm = parse(document)
    return Wish(vm.uuid, vm.name, canonical(document))


def setting(password: str) -> bytes:
    """The request of a guest that sets its password."""
    return posting("/openstack/latest/password", password.encode(), "text/plain")


def posting(path: str, body: bytes, media_type: str) -> bytes:
    """The request of a guest that posts something."""
    lines = (f"POST {path} HTTP/1.0", f"Content-Type: {media_type}", f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


class AgentTestCase(SynchronousTestCase):
    """Tests of an agent that is started when a test says so, on a host with the ports tap0 and tap1."""

    def make(self, directory: Path, servers: int = 1) -> None:
        """Make the host and an agent that has not been started."""
        self.directory = directory
        self.network = MemoryNetwork()
        for name in ("tap0", "tap1"):
            self.network.add_port(name)
        self.make_agent(servers)

    def make_agent(self, servers: int = 1) -> None:
        """Make an agent, on what an earlier one has left."""
        self.reactor = MemoryReactorClock()
        self.agent, self.processes = make_agent(self.directory, self.network, self.reactor, servers)

    def start(self) -> None:
        """Start the agent; it is stopped when the test ends."""
        self.agent.startService()
        self.addCleanup(self.stop)

    def stop(self) -> None:
        """Stop the agent, as a signal does."""
        if self.agent.running:
            stopped = self.agent.stopService()
            self.reactor.advance(CONNECTING_SECONDS)
            self.successResultOf(stopped)

    def restart(self) -> None:
        """Stop the agent, and start another on what is on disk and in the kernel."""
        self.stop()
        self.make_agent()
        self.start()

    def attaching(
        self, interface: str, document: Mapping[str, object], wait: float = 0
    ) -> "Deferred[Status]":
        """Ask for an attach."""
        return Deferred.fromCoroutine(self.agent.lifecycle.attach(interface, wish(document), wait))

    def attach(self, interface: str, document: Mapping[str, object]) -> Status:
        """Attach, which must succeed at once."""
        return self.successResultOf(self.attaching(interface, document))

    def detaching(self, interface: str) -> "Deferred[bool]":
        """Ask for a detach."""
        return Deferred.fromCoroutine(self.agent.lifecycle.detach(interface, None))

    def state(self, interface: str) -> str | None:
        """What `show` says of an interface; None when it is not attached."""
        status = self.agent.lifecycle.status(interface)
        return status.state.value if status else None

    def status_of(self, interface: str) -> Status:
        """What `show` says of an interface that is attached."""
        status = self.agent.lifecycle.status(interface)
        assert status
        return status

    def told(self) -> None:
        """Let the agent read what the kernel has announced."""
        for each in tuple(self.reactor.readers):
            each.doRead()

    def read(self, interface: str, path: str = "/latest/meta-data/hostname") -> str | None:
        """What a guest behind an interface reads; None where its frames reach no open door."""
        sent = self.ask_as_guest(interface, f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return None if sent is None else sent.partition(b"\r\n\r\n")[2].decode()

    def set_password(self, interface: str, password: str) -> int:
        """Let a guest set its password; the status that it is answered with."""
        return self.post(interface, setting(password))

    def post(self, interface: str, request: bytes) -> int:
        """Let a guest post something; the status that it is answered with."""
        sent = self.ask_as_guest(interface, request)
        assert sent
        return int(sent.split()[1])

    def ask_as_guest(self, interface: str, request: bytes) -> bytes | None:
        """See `ask_as_guest`."""
        return ask_as_guest(self.network, self.processes, interface, request)
