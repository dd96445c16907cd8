"""A real server process, started again when it dies."""

import os
import signal
from typing import Any, cast

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from eve_meta.agent.process import IServerProcess, ServerGoneError, ServerProcess
from eve_meta.messages import CloseDoor, DoorNotOpenError, OpenDoor
from tests.unit.agent.memory_host import MemoryProcess


class ServerProcessTests(TestCase):
    async def make(self) -> None:
        """Make a process; it is ended when the test ends.

        The reactor runs by then: after one that ends while it starts, trial hears of no other end.
        """
        await deferLater(reactor, 0)
        self.starts: list[int | None] = []
        self.next_start: Deferred[None] = Deferred()
        self.process = ServerProcess(reactor, ("--unconfined",))
        self.process.on_start = self.started
        self.addCleanup(lambda: self.process.stopService() if self.process.running else None)

    def started(self) -> None:
        """Remember a start, and tell who waits for it."""
        self.starts.append(self.process.pid)
        started, self.next_start = self.next_start, Deferred()
        started.callback(None)

    async def test_interfaces(self) -> None:
        """It can do what the one in memory can, and the other way round."""
        await self.make()

        assert verifyObject(IServerProcess, self.process)
        assert verifyObject(IServerProcess, MemoryProcess(reactor))

    async def test_asked(self) -> None:
        """A process is asked over its link, and what it refuses is raised here."""
        await self.make()
        self.process.startService()

        with pytest.raises(DoorNotOpenError):
            await self.ask()

    async def test_killed(self) -> None:
        """A process that is killed is told of, and another is started."""
        await self.make()
        self.process.startService()
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

    async def test_unlinked(self) -> None:
        """A process whose link is lost cannot be asked, whether or not it has ended yet."""
        await self.make()
        self.process.startService()
        link = self.process._link
        assert link
        cast("Any", link.transport).abortConnection()
        while link.transport is not None:
            await deferLater(reactor, 0)
        with pytest.raises(ServerGoneError):
            await self.process.ask(OpenDoor, interface="tap0", socket=0, brief=0)

    async def test_stopped(self) -> None:
        """After a stop there is no process, none is started, and nobody can be asked."""
        await self.make()
        self.process.startService()
        pid = self.process.pid
        assert pid
        await self.process.stopService()

        assert self.process.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(ServerGoneError):
            await self.ask()

    async def ask(self) -> None:
        """Ask for what is refused."""
        await self.process.ask(CloseDoor, interface="tap0")
