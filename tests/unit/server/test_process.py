"""What an agent may ask of a real server process, and how that ends."""

import os
import signal
import socket
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import pytest
from attrs import evolve
from twisted.internet import defer, reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.protocols.amp import UnknownRemoteError

from eve_meta.brief import Brief
from eve_meta.bundle import bundled
from eve_meta.messages import (
    BriefRefusedError,
    CloseDoor,
    DoorNotOpenError,
    NotKeptError,
    OpenDoors,
    PasswordSetError,
    ReadTraffic,
)

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

from tests.unit.server.server_process import (
    CHANGE,
    NAME,
    PATIENCE_SECONDS,
    SECRET,
    UUID,
    Server,
    ServerCase,
    answer,
    brief_of,
    status_of_password,
    told,
)


class ServerTests(ServerCase):
    """A server that stays what it was started as, so that these run without root too."""

    def setUp(self) -> None:
        self.start("--unconfined")

    async def test_each_door_answers_from_its_own_brief(self) -> None:
        one = await self.open("tap1", "one")
        two = await self.open("tap2", "two", socket.AF_INET6)

        assert (await answer(one), await answer(two)) == (b"one", b"two")

    async def test_a_refresh_reaches_all_interfaces_of_the_vm(self) -> None:
        doors = [await self.open(interface, "old") for interface in ("tap1", "tap2")]

        await self.server.refresh(["tap1", "tap2"], brief_of("new"))

        assert [await answer(door) for door in doors] == [b"new", b"new"]

    async def test_a_refresh_of_a_closed_door_changes_no_other(self) -> None:
        door = await self.open("tap1", "old")

        with pytest.raises(DoorNotOpenError, match="tap9"):
            await self.server.refresh(["tap1", "tap9"], brief_of("new"))

        assert await answer(door) == b"old"

    async def test_a_password_is_kept_by_the_agent(self) -> None:
        """With the guest's interface and VM, and the guest is answered as the agent answers."""
        door = await self.open("tap1", "one")

        assert await status_of_password(door) == b"200"
        asked = {"interface": "tap1", "vm": UUID, "kind": "password", "content": b"b2xk\n\n"}
        assert self.server.link.asked == [asked]
        asked_first = {"interface": "tap1", "vm": UUID, "milestone": "asked"}
        while not self.server.link.milestones:
            await deferLater(cast("IReactorTime", reactor), 0.01)
        assert self.server.link.milestones == [asked_first]

    async def test_a_password_that_the_agent_does_not_keep(self) -> None:
        door = await self.open("tap1", "one")

        for error, status in ((PasswordSetError(), b"409"), (NotKeptError(), b"503")):
            self.server.link.kept = partial(defer.fail, error)
            assert await status_of_password(door) == status

    async def test_an_open_door_is_not_opened_again(self) -> None:
        door = await self.open("tap1", "old")

        assert await self.server.open({"tap1": self.listen().fileno()}, brief_of("new")) == [
            "tap1 is open already"
        ]
        assert await answer(door) == b"old"

    async def test_a_wrong_document_is_refused_and_the_server_goes_on(self) -> None:
        door = await self.open("tap1", "old")

        for document, reason in ((f'{{"name": "{SECRET}"}}', "uuid"), (SECRET, "no JSON")):
            brief = Brief(document=document.encode(), token_key=bytes(32), password="", revision=1)
            with pytest.raises(BriefRefusedError, match=reason):
                await self.server.refresh(["tap1"], brief)

        assert await answer(door) == b"old"

    async def test_a_wrong_document_keeps_no_other_door_shut(self) -> None:
        """They are opened together, and why one is not is said in its place."""
        wrong = evolve(brief_of("one"), document=b'{"name": "x"}')
        doors = {"tap1": self.listen(), "tap2": self.listen()}
        sockets = {name: each.fileno() for name, each in doors.items()}

        refusals = await self.server.open(sockets, wrong, brief_of("two"))

        assert refusals[0].startswith("uuid: ")
        assert refusals[1] == ""
        assert await answer(doors["tap2"]) == b"two"

    async def test_what_is_no_brief_is_refused(self) -> None:
        with bundled([self.listen().fileno(), self.listen().fileno()]) as sockets:
            refused = await self.server.call(
                OpenDoors, interfaces=["tap1", "tap2"], sockets=sockets, briefs=self.empty_file()
            )

        assert refused == {"refusals": ["0 briefs instead of 2"] * 2}

    async def test_sockets_that_are_lacking(self) -> None:
        """None is taken for another's: all are refused, and those that are there let go of."""
        briefs = brief_of("one"), brief_of("two")
        await self.open("tap3", "three")
        before = await self.descriptors()
        with bundled([self.listen().fileno()]) as sockets, told(*briefs) as descriptor:
            refused = await self.server.call(
                OpenDoors, interfaces=["tap1", "tap2"], sockets=sockets, briefs=descriptor
            )

        assert refused == {"refusals": ["1 sockets instead of 2"] * 2}
        assert await self.descriptors() == before

    def empty_file(self) -> int:
        descriptor = os.memfd_create("empty")
        self.addCleanup(os.close, descriptor)
        return descriptor

    async def test_a_closed_door_can_be_opened_with_the_same_socket(self) -> None:
        door = await self.open("tap1", "old")
        await self.server.call(CloseDoor, interface="tap1")

        waiting = answer(door)
        await self.server.open({"tap1": door.fileno()}, brief_of("new"))

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
            for refusals in ([""], ["tap1 is open already"]):
                assert await self.server.open({"tap1": door.fileno()}, brief_of("one")) == refusals
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

    async def test_when_it_ends_who_waits_for_a_change_is_answered(self) -> None:
        door = await self.open("tap1", "one")
        answers = [defer.Deferred.fromCoroutine(answer(door, CHANGE)) for _ in range(3)]
        await self.connected(3)

        os.kill(await self.server.pid(), signal.SIGTERM)

        assert [b"one"] * 3 == [await each for each in answers]
        assert await self.server.status() == 0

    async def connected(self, count: int) -> None:
        """Return when so many guests are in at tap1."""
        while (await self.server.call(ReadTraffic, interfaces=["tap1"]))["connections"] != [count]:
            await deferLater(cast("IReactorTime", reactor), 0.01)

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
            await self.server.open({"tap1": self.empty_file()}, brief_of("one"))

        assert await self.server.status() == 0
        assert "OSError" in self.server.process.log

    async def test_no_program_it_executes_gains_privilege(self) -> None:
        await self.open("tap1", "one")

        assert (await self.kernel_status())["NoNewPrivs"] == "1"

    async def test_its_system_calls_are_filtered(self) -> None:
        await self.open("tap1", "one")

        assert (await self.kernel_status())["Seccomp"] == "2"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
class CrowdedServerTests(ServerCase):
    """A confined server that may have few descriptors."""

    def setUp(self) -> None:
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        few = ("/bin/sh", "-c", 'ulimit -n 16; exec "$@"', "sh")
        self.server = Server("--root", directory.name, launcher=few)
        self.addCleanup(self.end)

    async def test_without_any_left_guests_wait(self) -> None:
        """They are answered when others have gone."""
        door = await self.open("tap1", "one")

        *taken, waiting = await deferToThread(self.crowd, door.getsockname())
        assert 0 < len(taken) < 16
        assert await deferToThread(hang_up, taken[0]) == b""

        waiting.settimeout(PATIENCE_SECONDS)
        assert (await deferToThread(waiting.recv, 65536)).endswith(b"one")
        assert self.server.process.log.count("guests wait to be let in: Too many open files") == 1

    def crowd(self, address: tuple[Any, ...]) -> list[socket.socket]:
        """Connect until one is not answered; returns it behind those that were."""
        guests: list[socket.socket] = []
        while len(guests) < 16:
            guest = socket.create_connection(address, 1)
            self.addCleanup(guest.close)
            guests.append(guest)
            guest.sendall(NAME.replace(b"1.0", b"1.1\r\nHost: x"))
            try:
                guest.recv(65536)
            except TimeoutError:
                break
        return guests


def hang_up(guest: socket.socket) -> bytes:
    """Returns when the other side has hung up too."""
    guest.shutdown(socket.SHUT_WR)
    return guest.recv(65536)
