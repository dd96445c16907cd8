"""A real server process, started again when it dies."""

import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from eve_meta.agent import forks, process
from eve_meta.agent.forks import ForkServer, ServerGoneError
from eve_meta.agent.link import ServerLink
from eve_meta.agent.process import IServerProcess, ServerProcess
from eve_meta.agent.spawn import spawn
from eve_meta.brief import Brief, write_briefs
from eve_meta.bundle import bundled
from eve_meta.exchange import Post
from eve_meta.messages import CloseDoor, DoorNotOpenError, NotKeptError, OpenDoors
from eve_meta.milestones import Milestone
from eve_meta.passwords import PASSWORD
from tests.support import soon
from tests.unit.agent.memory_host import MemoryProcess, setting

VM = UUID("11111111-1111-4111-8111-111111111111")


def set_password(address: tuple[str, int]) -> bytes:
    """The status that a guest is answered with."""
    with socket.create_connection(address, timeout=10) as guest:
        guest.sendall(setting("secret"))
        return guest.recv(65536).split(b" ")[1]


def parent(forks: ForkServer) -> int:
    """The process that others are forked from; 0 where there is none."""
    return forks._spawned.pid if forks._spawned else 0


def open_files(pid: int | None, number: int | None = None) -> set[Path]:
    """What the descriptors of a process are of, or one of them; those closed meanwhile are left out."""
    files = set()
    for each in Path(f"/proc/{pid}/fd").glob("*" if number is None else str(number)):
        with contextlib.suppress(FileNotFoundError):
            files.add(each.readlink())
    return files


class ServerProcessTests(TestCase):
    async def make(self) -> None:
        """Make a process; it is ended when the test ends.

        The reactor runs by then: after one that ends while it starts, trial hears of no other end.
        """
        await deferLater(reactor, 0)
        self.keeping: Exception | None = None
        self.told: list[tuple[str, UUID, Milestone]] = []
        self.kept: list[tuple[str, UUID, str]] = []
        self.starts: list[int | None] = []
        self.next_start: Deferred[None] = Deferred()
        self.forks = ForkServer(reactor, spawn(("--unconfined",)))
        self.addCleanup(self.forks.end)
        self.process = ServerProcess(reactor, self.forks)
        self.process.on_start = self.started
        self.process.keep = self.keep
        self.process.tell_milestone = self.tell
        self.addCleanup(lambda: self.process.stopService() if self.process.running else None)

    async def start(self) -> None:
        """Have a process made; returns when it is there."""
        started = self.next_start
        self.process.startService()
        await started

    def started(self) -> None:
        """Remember a start, and tell who waits for it."""
        self.starts.append(self.process.pid)
        started, self.next_start = self.next_start, Deferred()
        started.callback(None)

    async def test_descriptors(self) -> None:
        """What is left open by whoever started the agent is neither its servers' nor the fork server's."""
        with socket.socket() as left:
            os.set_inheritable(left.fileno(), True)  # noqa: FBT003 - the os module's way
            await self.make()
            await self.start()
            (file,) = open_files(os.getpid(), left.fileno())

            assert file not in open_files(parent(self.forks)) | open_files(self.process.pid)

    async def test_interfaces(self) -> None:
        """It can do what the one in memory can, and the other way round."""
        await self.make()

        assert verifyObject(IServerProcess, self.process)
        in_memory = MemoryProcess(reactor)
        in_memory.keep = self.keep
        in_memory.tell_milestone = self.tell
        assert verifyObject(IServerProcess, in_memory)

    async def test_asked(self) -> None:
        """A process is asked over its link, and what it refuses is raised here."""
        await self.make()
        await self.start()

        with pytest.raises(DoorNotOpenError):
            await self.ask()

    async def test_password(self) -> None:
        """What a guest of the process sets is handed on, and the guest is answered by what comes of it."""
        await self.make()
        await self.start()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            await self.open_door(listening)

            assert b"200" == await deferToThread(set_password, listening.getsockname())
            self.keeping = NotKeptError("there is no disk")
            assert b"503" == await deferToThread(set_password, listening.getsockname())
        assert [("tap0", VM, "secret")] * 2 == self.kept

    async def test_long_password(self) -> None:
        """A process that has one kept that no guest can set is not to be trusted: its link is lost."""
        await self.make()
        link = ServerLink(self.keep, self.tell, lambda: None)
        setting = maybeDeferred(link.keep_post, "tap0", str(VM), PASSWORD, b"a" * 1021)

        await self.assertFailure(setting, ValueError)
        assert [] == self.kept

    async def test_killed(self) -> None:
        """A process that is killed is told of, and another is started."""
        await self.make()
        await self.start()
        again, asked = self.next_start, Deferred.fromCoroutine(self.ask())
        pid = self.process.pid
        assert pid
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(ServerGoneError):
            await asked
        await again
        assert [pid, self.process.pid] == self.starts
        assert pid != self.process.pid
        with pytest.raises(DoorNotOpenError):
            await self.ask()

    async def test_hanging(self) -> None:
        """A process that works is left alone; one that does nothing is ended, and another started."""
        self.patch(process, "ASKED_SECONDS", 0.01)
        self.patch(process, "SILENT_SECONDS", 1.0)
        await self.make()
        await self.start()
        with pytest.raises(DoorNotOpenError):
            await self.ask()
        await deferLater(reactor, 0.1)
        pid, again = self.process.pid, self.next_start
        assert pid
        assert [pid] == self.starts
        os.kill(pid, signal.SIGSTOP)

        await again

        assert pid != self.process.pid

    async def test_hanging_while_stopped(self) -> None:
        """A process that does not end when it is told is ended all the same."""
        self.patch(process, "STOPPING_SECONDS", 0.1)
        await self.make()
        await self.start()
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGSTOP)

        await self.process.stopService()

        assert self.process.pid is None

    async def test_unlinked(self) -> None:
        """A process whose link is lost cannot be asked, whether or not it has ended yet."""
        await self.make()
        await self.start()
        link = self.process._link
        assert link
        cast("Any", link.transport).abortConnection()
        while link.transport is not None:
            await deferLater(reactor, 0)
        with pytest.raises(ServerGoneError):
            await self.process.ask(OpenDoors, interfaces=["tap0"], sockets=0, briefs=0)

    async def test_hung_up(self) -> None:
        """A process whose link is lost is ended although it does not want to, and another started."""
        self.patch(process, "SILENT_SECONDS", 1000.0)
        await self.make()
        await self.start()
        pid, link, again = self.process.pid, self.process._link, self.next_start
        assert pid
        assert link
        os.kill(pid, signal.SIGSTOP)

        cast("Any", link.transport).abortConnection()
        await again

        assert pid != self.process.pid
        with pytest.raises(DoorNotOpenError):
            await self.ask()

    async def test_stopped(self) -> None:
        """After a stop there is no process, none is started, and nobody can be asked."""
        await self.make()
        await self.start()
        pid = self.process.pid
        assert pid
        await self.process.stopService()

        assert self.process.pid is None
        await deferToThread(soon, lambda: not Path(f"/proc/{pid}").exists())
        with pytest.raises(ServerGoneError):
            await self.ask()

    async def test_stopped_at_once(self) -> None:
        """A process that is not there yet when it is to end never serves."""
        await self.make()
        self.process.startService()

        await self.process.stopService()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            (await self.forks.fork(theirs)).close()

        assert self.starts == []
        assert self.process.pid is None

    async def test_fork_server_killed(self) -> None:
        """Processes outlive what they were forked from, and the next is made by another."""
        await self.make()
        await self.start()
        pid, again = self.process.pid, self.next_start
        assert pid
        self.forks.end()
        with pytest.raises(DoorNotOpenError):
            await self.ask()
        os.kill(pid, signal.SIGKILL)

        await again

        assert pid != self.process.pid
        with pytest.raises(DoorNotOpenError):
            await self.ask()

    async def test_fork_server_fails(self) -> None:
        """Where the fork server ends instead of forking, another is asked after a pause."""
        await self.make()
        started = self.next_start
        self.process.startService()
        pid = parent(self.forks)
        os.kill(pid, signal.SIGKILL)

        await started

        assert pid != parent(self.forks)

    async def test_fork_server_hangs(self) -> None:
        """One that does not answer is given up, and another asked."""
        self.patch(forks, "FORKING_SECONDS", 0.1)
        await self.make()
        pid = parent(self.forks)
        os.kill(pid, signal.SIGSTOP)
        self.process.startService()
        while parent(self.forks) == pid:
            await deferLater(reactor, 0.01)
        self.patch(forks, "FORKING_SECONDS", 30.0)

        while not self.starts:
            await self.next_start

        with pytest.raises(DoorNotOpenError):
            await self.ask()

    async def keep(self, interface: str, vm: UUID, post: Post) -> None:
        """Remember what a guest has posted."""
        self.kept.append((interface, vm, post.content.decode()))
        if self.keeping:
            raise self.keeping

    def tell(self, interface: str, vm: UUID, milestone: Milestone) -> None:
        """Remember what a guest has come to."""
        self.told.append((interface, vm, milestone))

    async def open_door(self, listening: socket.socket) -> None:
        """Let guests in that connect to a socket."""
        document = b'{"uuid": "%s"}' % str(VM).encode()
        briefs = write_briefs([Brief(document=document, token_key=bytes(32), password="", revision=1)])
        with bundled([listening.fileno()]) as sockets:
            await self.process.ask(OpenDoors, interfaces=["tap0"], sockets=sockets, briefs=briefs)
        os.close(briefs)

    async def ask(self) -> None:
        """Ask for what is refused."""
        await self.process.ask(CloseDoor, interface="tap0")
