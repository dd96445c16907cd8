"""A real server process, with the test in the agent's place."""

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol, ServerFactory
from twisted.internet.threads import deferToThread
from twisted.protocols.amp import AMP, Command
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from eve_meta.brief import Brief, write_briefs
from eve_meta.bundle import bundled
from eve_meta.messages import (
    FORKED,
    KeepPost,
    OpenDoors,
    Refresh,
    TellMilestone,
)

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorProcess, IReactorSocket

UUID = "11111111-2222-3333-4444-555555555555"
SECRET = "correct horse battery staple"
NAME = b"GET /latest/meta-data/local-hostname HTTP/1.0\r\n\r\n"
CHANGE = NAME.replace(b" HTTP", b"?wait_for_change=true HTTP")
PASSWORD = b"POST /openstack/latest/password HTTP/1.0\r\nContent-Length: 6\r\n\r\nb2xk\n\n"
PATIENCE_SECONDS = 20


class _Process(ProcessProtocol):
    def __init__(self) -> None:
        self.log = ""
        self.ended: Deferred[None] | None = Deferred()
        self.status = -1

    def errReceived(self, data: bytes) -> None:
        self.log += data.decode()

    def processEnded(self, reason: Failure) -> None:
        assert self.ended is not None
        self.status = cast("Any", reason.value).exitCode
        self.ended.callback(None)


class Agent(AMP):
    """Our end of the link; what it is asked to keep it answers as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, str | bytes]] = []
        self.milestones: list[dict[str, str]] = []
        self.kept: Callable[[], object] = dict

    @TellMilestone.responder
    def tell_milestone(self, **arguments: str) -> object:
        self.milestones.append(arguments)
        return {}

    @KeepPost.responder
    def keep_post(self, **arguments: str | bytes) -> object:
        self.asked.append(arguments)
        return self.kept()


class Server:
    """A server process that a fork server has made, and our link to it."""

    _pid: int | None = None

    def __init__(self, *arguments: str, launcher: Sequence[str] = ()) -> None:
        self._asking, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - the socket module's way
        self.process = _Process()
        command = [*launcher, sys.executable, "-m", "eve_meta.server", *arguments]
        with ours, theirs, asked:
            cast("IReactorProcess", reactor).spawnProcess(
                self.process,
                command[0],
                command,
                env={"PYTHONPATH": os.pathsep.join(sys.path)},
                childFDs={0: "w", 1: "r", 2: "r", 3: asked.fileno()},
            )
            socket.send_fds(self._asking, [b"\0"], [theirs.fileno()])
            self.link = Agent()
            made = ServerFactory.forProtocol(lambda: self.link)
            made.noisy = False
            cast("IReactorSocket", reactor).adoptStreamConnection(
                ours.fileno(),
                socket.AF_UNIX,
                made,  # type: ignore[arg-type] # invariant in its protocol
            )

    async def pid(self) -> int:
        """Of the server, which the fork server tells once, with a descriptor of it."""
        if self._pid is None:
            answer, [pidfd], _, _ = await deferToThread(socket.recv_fds, self._asking, FORKED.size, 1)
            os.close(pidfd)
            (self._pid,) = FORKED.unpack(answer)
        return self._pid

    def hang_up(self) -> None:
        """Have no more to do with it."""
        if self.link.transport is not None:
            self.link.transport.loseConnection()

    async def status(self) -> int:
        """How the fork server, told to end, has ended; the server must have a reason of its own."""
        self._asking.close()
        if self.process.ended is not None:
            await self.process.ended
            self.process.ended = None
        return self.process.status

    async def call(self, command: type[Command], **arguments: object) -> dict[str, Any]:
        """Send a command; its answer."""
        answer: dict[str, Any] = await self.link.callRemote(command, **arguments)
        return answer

    async def open(self, doors: Mapping[str, int], *briefs: Brief) -> list[str]:
        """Have doors opened, at sockets by interface; answers why each is not."""
        with bundled(doors.values()) as sockets, told(*briefs) as descriptor:
            answer = await self.call(OpenDoors, interfaces=[*doors], sockets=sockets, briefs=descriptor)
        refusals: list[str] = answer["refusals"]
        return refusals

    async def refresh(self, interfaces: list[str], brief: Brief) -> None:
        """Have doors answer from another brief."""
        with told(brief) as descriptor:
            await self.call(Refresh, interfaces=interfaces, brief=descriptor)


@contextmanager
def told(*briefs: Brief) -> Iterator[int]:
    """A descriptor of what a server is told."""
    descriptor = write_briefs(briefs)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def brief_of(name: str) -> Brief:
    """A brief of a VM of this name."""
    document = json.dumps({"uuid": UUID, "name": name, "user_data": SECRET}).encode()
    return Brief(document=document, token_key=SECRET.encode().ljust(32)[:32], password="", revision=1)


async def answer(listening: socket.socket, request: bytes = NAME) -> bytes:
    """What a guest that connects is told is its name."""
    sent = await deferToThread(_ask, listening.family, listening.getsockname(), request)
    return sent.rpartition(b"\r\n\r\n")[2]


async def status_of_password(listening: socket.socket) -> bytes:
    """How a guest that sets its password is answered."""
    sent = await deferToThread(_ask, listening.family, listening.getsockname(), PASSWORD)
    return sent.split(b" ")[1]


def _ask(family: socket.AddressFamily, address: tuple[Any, ...], request: bytes = NAME) -> bytes:
    with socket.socket(family) as guest:
        guest.settimeout(PATIENCE_SECONDS)
        guest.connect(address)
        guest.sendall(request)
        return b"".join(iter(lambda: guest.recv(65536), b""))


class ServerCase(TestCase):
    """A server of the test's own."""

    timeout = 60

    def start(self, *arguments: str) -> None:
        self.server = Server(*arguments)
        self.addCleanup(self.end)

    async def end(self) -> None:
        self.server.hang_up()
        await self.server.status()

    def listen(self, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
        listening = socket.create_server(
            ("127.0.0.1" if family == socket.AF_INET else "::1", 0), family=family
        )
        self.addCleanup(listening.close)
        return listening

    async def open(
        self, interface: str, name: str, family: socket.AddressFamily = socket.AF_INET
    ) -> socket.socket:
        listening = self.listen(family)
        assert await self.server.open({interface: listening.fileno()}, brief_of(name)) == [""]
        return listening

    async def descriptors(self) -> int:
        return len(list((await self.proc()).joinpath("fd").iterdir()))

    async def proc(self) -> Path:
        """Where the kernel tells of the process."""
        return Path(f"/proc/{await self.server.pid()}")

    async def kernel_status(self) -> dict[str, str]:
        """What the kernel says of the process."""
        text = (await self.proc()).joinpath("status").read_text()
        return dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))
