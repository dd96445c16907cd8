"""A real server process, with the test in the agent's place."""

import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import pytest
from twisted.internet import defer, reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol, ServerFactory
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.protocols.amp import AMP, Command, UnknownRemoteError
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from eve_meta.brief import Brief, write_brief
from eve_meta.messages import (
    FORKED,
    BriefRefusedError,
    CloseDoor,
    DoorNotOpenError,
    DoorOpenError,
    NotKeptError,
    OpenDoor,
    PasswordSetError,
    Refresh,
    SetPassword,
)
from eve_meta.server.seccomp import LIBRARY

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorProcess, IReactorSocket, IReactorTime

UUID = "11111111-2222-3333-4444-555555555555"
SECRET = "correct horse battery staple"
NAME = b"GET /latest/meta-data/local-hostname HTTP/1.0\r\n\r\n"
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
        self.asked: list[dict[str, str]] = []
        self.kept: Callable[[], object] = dict

    @SetPassword.responder
    def set_password(self, **arguments: str) -> object:
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

    async def call(self, command: type[Command], name: str | None = None, **arguments: object) -> None:
        """Send a command, with a brief of a VM of that name if one is given."""
        if name is None:
            await self.link.callRemote(command, **arguments)
            return
        descriptor = brief_of(name)
        try:
            await self.link.callRemote(command, brief=descriptor, **arguments)
        finally:
            os.close(descriptor)


def brief_of(name: str) -> int:
    document = json.dumps({"uuid": UUID, "name": name, "user_data": SECRET}).encode()
    return write_brief(
        Brief(document=document, token_key=SECRET.encode().ljust(32)[:32], password="", revision=1)
    )


async def answer(listening: socket.socket) -> bytes:
    """What a guest that connects is told is its name."""
    return (await deferToThread(_ask, listening.family, listening.getsockname())).rpartition(b"\r\n\r\n")[2]


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


class _ServerCase(TestCase):
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
        await self.server.call(OpenDoor, name, interface=interface, socket=listening.fileno())
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


class ServerTests(_ServerCase):
    """A server that stays what it was started as, so that these run without root too."""

    def setUp(self) -> None:
        self.start("--unconfined")

    async def test_each_door_answers_from_its_own_brief(self) -> None:
        one = await self.open("tap1", "one")
        two = await self.open("tap2", "two", socket.AF_INET6)

        assert (await answer(one), await answer(two)) == (b"one", b"two")

    async def test_a_refresh_reaches_all_interfaces_of_the_vm(self) -> None:
        doors = [await self.open(interface, "old") for interface in ("tap1", "tap2")]

        await self.server.call(Refresh, "new", interfaces=["tap1", "tap2"])

        assert [await answer(door) for door in doors] == [b"new", b"new"]

    async def test_a_refresh_of_a_closed_door_changes_no_other(self) -> None:
        door = await self.open("tap1", "old")

        with pytest.raises(DoorNotOpenError, match="tap9"):
            await self.server.call(Refresh, "new", interfaces=["tap1", "tap9"])

        assert await answer(door) == b"old"

    async def test_a_password_is_kept_by_the_agent(self) -> None:
        """With the guest's interface and VM, and the guest is answered as the agent answers."""
        door = await self.open("tap1", "one")

        assert await status_of_password(door) == b"200"
        assert self.server.link.asked == [{"interface": "tap1", "vm": UUID, "password": "b2xk\n\n"}]

    async def test_a_password_that_the_agent_does_not_keep(self) -> None:
        door = await self.open("tap1", "one")

        for error, status in ((PasswordSetError(), b"409"), (NotKeptError(), b"503")):
            self.server.link.kept = partial(defer.fail, error)
            assert await status_of_password(door) == status

    async def test_an_open_door_is_not_opened_again(self) -> None:
        door = await self.open("tap1", "old")

        with pytest.raises(DoorOpenError, match="tap1"):
            await self.open("tap1", "new")

        assert await answer(door) == b"old"

    async def test_a_wrong_document_is_refused_and_the_server_goes_on(self) -> None:
        door = await self.open("tap1", "old")

        for document, reason in ((f'{{"name": "{SECRET}"}}', "uuid"), (SECRET, "no JSON")):
            brief = Brief(document=document.encode(), token_key=bytes(32), password="", revision=1)
            rubbish = write_brief(brief)
            self.addCleanup(os.close, rubbish)
            with pytest.raises(BriefRefusedError, match=reason):
                await self.server.call(Refresh, interfaces=["tap1"], brief=rubbish)

        assert await answer(door) == b"old"

    async def test_what_is_no_brief_is_refused(self) -> None:
        with pytest.raises(BriefRefusedError, match="a brief cannot be read"):
            await self.server.call(
                OpenDoor, interface="tap1", socket=self.listen().fileno(), brief=self.empty_file()
            )

    def empty_file(self) -> int:
        descriptor = os.memfd_create("empty")
        self.addCleanup(os.close, descriptor)
        return descriptor

    async def test_a_closed_door_can_be_opened_with_the_same_socket(self) -> None:
        door = await self.open("tap1", "old")
        await self.server.call(CloseDoor, interface="tap1")

        waiting = answer(door)
        await self.server.call(OpenDoor, "new", interface="tap1", socket=door.fileno())

        assert await waiting == b"new"

    async def test_closing_a_door_that_is_not_open(self) -> None:
        with pytest.raises(DoorNotOpenError, match="tap1"):
            await self.server.call(CloseDoor, interface="tap1")

    async def test_descriptors_do_not_pile_up(self) -> None:
        """Neither those that come with commands that are refused nor those of doors that were closed."""
        door = await self.open("tap1", "one")
        await self.server.call(CloseDoor, interface="tap1")
        before = await self.descriptors()

        for _ in range(3):
            await self.server.call(OpenDoor, "one", interface="tap1", socket=door.fileno())
            with pytest.raises(DoorOpenError):
                await self.server.call(OpenDoor, "one", interface="tap1", socket=door.fileno())
            await answer(door)
            await self.server.call(CloseDoor, interface="tap1")

        assert await self.descriptors() == before

    async def test_it_ends_with_its_agent(self) -> None:
        await self.open("tap1", "one")

        self.server.hang_up()

        assert await self.server.status() == 0

    async def test_it_ends_when_told_by_a_signal(self) -> None:
        await self.open("tap1", "one")

        os.kill(await self.server.pid(), signal.SIGTERM)

        assert await self.server.status() == 0
        assert len(self.server.process.log.splitlines()) == 1

    async def test_its_log_has_a_line_for_an_event_and_no_secret(self) -> None:
        door = await self.open("tap1", "one")
        await answer(door)
        await self.server.call(CloseDoor, interface="tap1")
        self.server.hang_up()
        await self.server.status()

        [opened, closed] = self.server.process.log.splitlines()

        assert opened == "info eve_meta.server.doors.Doors: tap1: open, revision 1"
        assert closed == "info eve_meta.server.doors.Doors: tap1: closed"

    async def test_a_server_that_is_killed_is_told_of(self) -> None:
        await self.open("tap1", "one")
        os.kill(await self.server.pid(), signal.SIGKILL)
        while "a server was ended" not in self.server.process.log:
            await deferLater(cast("IReactorTime", reactor), 0.01)

        assert await self.server.status() == 0
        assert self.server.process.log.endswith(": a server was ended by SIGKILL\n")

    async def test_a_socket_that_is_none_ends_it(self) -> None:
        """Then the agent has a bug, and there is nothing to go on from."""
        with pytest.raises(UnknownRemoteError):
            await self.server.call(OpenDoor, "one", interface="tap1", socket=self.empty_file())

        assert await self.server.status() == 0
        assert "OSError" in self.server.process.log

    async def test_no_program_it_executes_gains_privilege(self) -> None:
        await self.open("tap1", "one")

        assert (await self.kernel_status())["NoNewPrivs"] == "1"

    async def test_its_system_calls_are_filtered(self) -> None:
        await self.open("tap1", "one")

        assert (await self.kernel_status())["Seccomp"] == "2"


class RefusingServerTests(_ServerCase):
    """A server that cannot give up its privilege as asked ends before it serves anybody."""

    async def refusal(self, *arguments: str) -> str:
        self.start(*arguments)
        assert await self.server.status() == 1
        return self.server.process.log

    @pytest.mark.skipif(os.geteuid() == 0, reason="root can become somebody else")
    async def test_without_privilege_to_give_up(self) -> None:
        assert "only root can become somebody else" in await self.refusal("--root", "/")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_a_root_that_is_not_empty(self) -> None:
        assert await self.refusal("--root", "/") == "eve-meta server: / is not empty\n"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a file from one process")
    async def test_without_the_library_that_filters_system_calls(self) -> None:
        """Then it is said what to install."""
        library = f"/lib/{sys.implementation._multiarch}/{LIBRARY}"
        hidden = ("unshare", "--mount", "sh", "-c", f'mount --bind /dev/null {library}; exec "$@"', "sh")
        self.server = Server("--unconfined", launcher=hidden)
        self.addCleanup(self.end)

        assert await self.server.status() == 1
        assert "libseccomp.so.2 is not there: install the package libseccomp2\n" in self.server.process.log

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_without_the_right_to_drop_capabilities(self) -> None:
        with TemporaryDirectory() as root:
            without = ("setpriv", "--bounding-set", "-setpcap", "--inh-caps", "-setpcap")
            self.server = Server("--root", root, launcher=without)
            self.addCleanup(self.end)

            assert await self.server.status() == 1
        assert "it needs CAP_SETPCAP" in self.server.process.log

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_a_user_that_is_no_other(self) -> None:
        assert "root is root" in await self.refusal("--root", "/", "--user", "root")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_a_user_that_does_not_exist(self) -> None:
        assert "there is no user no-such-user" in await self.refusal("--root", "/", "--user", "no-such-user")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
class ConfinedServerTests(_ServerCase):
    """A server that gave up its privilege."""

    def setUp(self) -> None:
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        self.start("--root", directory.name)

    async def test_it_is_nobody(self) -> None:
        await self.open("tap1", "one")
        status = await self.kernel_status()

        assert status["Uid"].split() == status["Gid"].split() == ["65534"] * 4
        assert (status["Groups"], status["Threads"], status["NoNewPrivs"]) == ("", "1", "1")
        capabilities = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        assert [int(status[name], 16) for name in capabilities] == [0] * 5

    async def test_it_sees_an_empty_directory(self) -> None:
        await self.open("tap1", "one")

        assert (await self.proc()).joinpath("root").readlink() == self.root
        assert [str(path.relative_to(self.root)) for path in sorted(self.root.rglob("*"))] == [
            "dev",
            "dev/null",
        ]

    async def test_it_answers_without_a_file_to_read(self) -> None:
        doors = [
            await self.open(f"tap{family}", "one", family) for family in (socket.AF_INET, socket.AF_INET6)
        ]
        await self.server.call(Refresh, "two", interfaces=["tap2", "tap10"])

        assert [await answer(door) for door in doors] == [b"two", b"two"]

        await self.server.call(CloseDoor, interface="tap2")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
class CrowdedServerTests(_ServerCase):
    """A confined server that may have few descriptors."""

    def setUp(self) -> None:
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        few = ("/bin/sh", "-c", 'ulimit -n 16; exec "$@"', "sh")
        self.server = Server("--root", directory.name, launcher=few)
        self.addCleanup(self.end)

    async def test_without_any_left_it_turns_guests_away_and_goes_on(self) -> None:
        door = await self.open("tap1", "one")

        taken = await deferToThread(self.crowd, door.getsockname())
        assert 0 < len(taken) < 16
        assert await deferToThread(hang_up, taken[0]) == b""

        assert await answer(door) == b"one"

    def crowd(self, address: tuple[Any, ...]) -> list[socket.socket]:
        """Connect until turned away; returns those that were answered."""
        taken: list[socket.socket] = []
        while len(taken) < 16:
            guest = socket.create_connection(address, PATIENCE_SECONDS)
            self.addCleanup(guest.close)
            guest.sendall(NAME.replace(b"1.0", b"1.1\r\nHost: x"))
            if not _received(guest):
                break
            taken.append(guest)
        return taken


def _received(guest: socket.socket) -> bytes:
    try:
        return guest.recv(65536)
    except ConnectionResetError:
        return b""


def hang_up(guest: socket.socket) -> bytes:
    """Returns when the other side has hung up too."""
    guest.shutdown(socket.SHUT_WR)
    return guest.recv(65536)
