"""A fork server that says what it should not: the test is in its place."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from eve_meta.agent.forks import ForkServer, ServerGoneError
from eve_meta.agent.spawn import Spawned
from eve_meta.messages import FORKED

FORK_AND_WAIT = """
import os, signal
child = os.fork()
if child:
    print(child, flush=True)
signal.pause()
"""
WAIT = "import signal; signal.pause()"


async def descriptors() -> int:
    """How many are open here; the reactor, which opens what it needs when it runs, runs by then."""
    await deferLater(reactor, 0)
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - as short as can be


class HostileForkServerTests(TestCase):
    def setUp(self) -> None:
        """Have a process that has made another, and has been taken over."""
        taken_over = self.run_python(FORK_AND_WAIT)
        assert taken_over.stdout
        self.child = int(taken_over.stdout.readline())
        self.addCleanup(os.kill, self.child, signal.SIGKILL)
        self.stranger = self.run_python(WAIT)
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.theirs.close)
        self.forks = ForkServer(reactor, Spawned((), taken_over.pid, ours))
        self.addCleanup(self.forks.end)

    def run_python(self, code: str) -> subprocess.Popen[str]:
        """A process, until the test ends."""
        process = subprocess.Popen((sys.executable, "-c", code), stdout=subprocess.PIPE, text=True)
        assert process.stdout
        for end in (process.wait, process.kill, process.stdout.close):
            self.addCleanup(end)
        return process

    def ask(self) -> "Deferred[int]":
        """Ask for a process; fires with its number once there is one, which is then forgotten."""

        async def asked() -> int:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                forked = await self.forks.fork(theirs)
            forked.close()
            return forked.pid

        return Deferred.fromCoroutine(asked())

    def say(self, message: bytes, *pids: int) -> None:
        """Answer with descriptors of processes."""
        opened = [os.pidfd_open(pid) for pid in pids]
        socket.send_fds(self.theirs, [message], opened)
        for each in opened:
            os.close(each)

    async def assert_refused(self, message: bytes, *pids: int) -> None:
        """An answer ends who gave it, and nobody else; who has asked hears of it; no descriptor is kept."""
        before = await descriptors()
        asked = self.ask()
        self.say(message, *pids)
        with pytest.raises(ServerGoneError):
            await asked
        assert self.stranger.poll() is None
        assert await descriptors() == before - 1, "all but our end of its socket"

    async def test_true(self) -> None:
        asked = self.ask()
        self.say(FORKED.pack(self.child), self.child)

        assert await asked == self.child
        assert self.forks._spawned

    async def test_ended(self) -> None:
        """Of a process that has ended there is nothing to be lied about."""
        ended = self.run_python("")
        pidfd = os.pidfd_open(ended.pid)
        ended.wait()
        asked = self.ask()
        socket.send_fds(self.theirs, [FORKED.pack(ended.pid)], [pidfd])
        os.close(pidfd)

        assert await asked == ended.pid

    async def test_process_of_another(self) -> None:
        """One that it has not made is never sent a signal."""
        await self.assert_refused(FORKED.pack(self.stranger.pid), self.stranger.pid)

    async def test_number_of_another(self) -> None:
        """People are not told that a process is another."""
        await self.assert_refused(FORKED.pack(self.stranger.pid), self.child)

    async def test_agent_itself(self) -> None:
        await self.assert_refused(FORKED.pack(os.getpid()), os.getpid())

    async def test_no_process(self) -> None:
        asked = self.ask()
        socket.send_fds(self.theirs, [FORKED.pack(self.child)], [self.theirs.fileno()])
        with pytest.raises(ServerGoneError):
            await asked

    async def test_two_processes(self) -> None:
        await self.assert_refused(FORKED.pack(self.child), self.child, self.child)

    async def test_many_processes(self) -> None:
        await self.assert_refused(FORKED.pack(self.child), *[self.child] * 200)

    async def test_none(self) -> None:
        await self.assert_refused(FORKED.pack(self.child))

    async def test_short(self) -> None:
        await self.assert_refused(b"\0", self.child)

    async def test_long(self) -> None:
        await self.assert_refused(FORKED.pack(self.child) * 1000, self.child)

    async def test_not_asked(self) -> None:
        """An answer to nobody ends it as well; the next process is made by another."""
        before = await descriptors()
        self.say(FORKED.pack(self.child), self.child)
        while self.forks._spawned:
            await deferLater(reactor, 0)

        assert await descriptors() == before - 1, "all but our end of its socket"
