"""A door over real sockets: what Twisted's in-memory transports cannot show."""

import re
import socket
import struct
from contextlib import closing
from typing import TYPE_CHECKING, cast
from uuid import UUID

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from eve_meta.answer import Metadata
from eve_meta.exchange import Post
from eve_meta.limits import Limits
from eve_meta.server.door import Door
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite
from eve_meta.vm import VM, Line

if TYPE_CHECKING:
    from eve_meta.server.channel import GuestChannel

NAME = b"GET /latest/meta-data/local-hostname HTTP/1.1\r\nHost: x\r\n\r\n"
TOKEN = b"PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 5\r\n\r\n"
PASSWORD = b"POST /openstack/latest/password HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecret"
CHANGE = NAME.replace(b" HTTP", b"?wait_for_change=true HTTP")
RESET = struct.pack("ii", 1, 0)
"""Has a socket reset its connection when it is closed. Source: socket(7), SO_LINGER."""
STATUS_LINE = re.compile(rb"HTTP/1.1 .*(?=\r\n)")
FAMILIES = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
PATIENCE_SECONDS = 10


def metadata_of(name: str, user_data: bytes | None = None) -> Metadata:
    vm = VM(uuid=UUID("11111111-2222-3333-4444-555555555555"), name=Line(name), user_data=user_data)
    return Metadata(vm=vm, token_key=bytes(32))


class DoorTests(TestCase):
    """A door on a socket that IPv4 and IPv6 guests reach, as the agent makes them."""

    limits = Limits()

    def open_door(self, metadata: Metadata) -> None:
        listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.ours = listening.dup()
        self.addCleanup(self.ours.close)
        self.door = self.made(listening, metadata)
        self.door.startService()
        self.addCleanup(lambda: self.door.stopService() if self.door.running else None)

    def made(self, listening: socket.socket, metadata: Metadata) -> Door:
        self.resource = MetadataResource("tap0", metadata, reactor, self.keep, limits=self.limits)
        site = GuestSite(self.resource, self.limits, reactor)
        return Door(listening, self.resource, site, reactor)

    async def keep(self, interface: str, vm: UUID, post: Post) -> None:
        """Keep a password when the test says so."""
        self.kept = (interface, vm, post.content.decode())
        await self.keeping

    def guest(self, family: socket.AddressFamily = socket.AF_INET6) -> socket.socket:
        connection = socket.socket(family)
        self.addCleanup(connection.close)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect((FAMILIES[family], self.ours.getsockname()[1]))
        return connection

    async def test_guests_that_half_close_at_once_are_answered(self) -> None:
        self.open_door(metadata_of("one"))

        for request in (NAME, NAME.replace(b"1.1", b"1.0"), TOKEN):
            for family in FAMILIES:
                sent = await deferToThread(ask_and_half_close, self.guest(family), request)
                assert b" 200 OK\r\n" in sent

    async def test_a_half_closed_guest_waits_for_its_password_to_be_kept(self) -> None:
        """Whatever it has asked behind that is answered too."""
        self.keeping: Deferred[None] = Deferred()
        self.open_door(metadata_of("one"))

        answered = deferToThread(ask_and_half_close, self.guest(), PASSWORD + NAME)
        await deferLater(reactor, 0.1)
        assert not answered.called
        self.keeping.callback(None)

        assert [b"HTTP/1.1 200 OK"] * 2 == STATUS_LINE.findall(await answered)
        assert self.kept == ("tap0", metadata_of("one").vm.uuid, "secret")

    async def test_a_half_closed_guest_gets_all_of_a_large_answer(self) -> None:
        """Far more than a socket's buffer holds."""
        user_data = bytes(range(256)) * 65536
        self.open_door(metadata_of("one", user_data))

        sent = await deferToThread(
            ask_and_half_close, self.guest(), b"GET /latest/user-data HTTP/1.1\r\nHost: x\r\n\r\n"
        )

        assert sent.endswith(b"\r\n\r\n" + user_data)

    async def test_half_a_request_and_a_half_close_is_the_end(self) -> None:
        self.open_door(metadata_of("one"))

        assert await deferToThread(ask_and_half_close, self.guest(), NAME[:-2]) == b""

    async def test_guests_that_come_too_fast_wait_and_are_not_refused(self) -> None:
        self.limits = Limits(connections_burst=1, connections_per_second=2)
        self.open_door(metadata_of("one"))
        assert b" 200 OK\r\n" in await deferToThread(ask, self.guest(), NAME)

        answered = deferToThread(ask, self.guest(), NAME)
        await deferLater(reactor, 0.1)
        assert not answered.called

        assert b" 200 OK\r\n" in await answered

    async def test_a_door_is_closed_while_guests_wait(self) -> None:
        self.limits = Limits(connections_burst=1, connections_per_second=1)
        self.open_door(metadata_of("one"))
        await deferToThread(ask, self.guest(), NAME)

        await self.door.stopService()

        assert not self.door.running

    async def test_a_refresh_is_seen_on_an_open_connection(self) -> None:
        self.open_door(metadata_of("one"))
        guest = self.guest()

        before = await deferToThread(ask, guest, NAME)
        self.door.refresh(metadata_of("two"), 2)
        after = await deferToThread(ask, guest, NAME)

        assert (before[-7:], after[-7:]) == (b"\r\n\r\none", b"\r\n\r\ntwo")

    async def test_a_change_reaches_who_waits_for_it(self) -> None:
        """Be its connection to end behind the answer or not."""
        self.open_door(metadata_of("one"))
        requests = (CHANGE, CHANGE.replace(b"1.1", b"1.0"))
        answers = [deferToThread(ask, self.guest(), each) for each in requests]
        await self.all_wait(2)

        self.door.refresh(metadata_of("two"), 2)

        for each in answers:
            assert (await each).endswith(b"\r\n\r\ntwo")

    async def test_a_guest_that_waits_and_half_closes_is_answered_at_once(self) -> None:
        self.open_door(metadata_of("one"))
        guest = self.guest()
        guest.sendall(CHANGE)
        await self.all_wait(1)

        sent = await deferToThread(ask_and_half_close, guest, b"")

        assert sent.endswith(b"\r\n\r\none")

    async def test_a_guest_that_goes_while_it_waits_is_let_go(self) -> None:
        self.open_door(metadata_of("one"))
        closed, reset = self.guest(), self.guest()
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        for guest in (closed, reset):
            guest.sendall(CHANGE)
        await self.all_wait(2)

        closed.close()
        reset.close()

        while self.door.site.crowd.connections:
            await deferLater(reactor, 0.01)

    async def test_a_door_is_closed_while_a_guest_waits_for_a_change(self) -> None:
        self.open_door(metadata_of("one"))
        guest = self.guest()
        guest.sendall(CHANGE)
        await self.all_wait(1)

        await self.door.stopService()

        with pytest.raises(ConnectionResetError):
            await deferToThread(guest.recv, 1)

    async def all_wait(self, count: int) -> None:
        """Return when so many guests wait for a change."""
        while len(self.resource.waits) < count:
            await deferLater(reactor, 0.01)

    async def test_closing_aborts_connections_and_leaves_our_socket_listening(self) -> None:
        self.open_door(metadata_of("one"))
        idle, busy = self.guest(), self.guest()
        await deferToThread(ask, idle, NAME)
        await deferToThread(ask, busy, NAME)
        busy.sendall(NAME[:10])

        await self.door.stopService()

        for guest in (idle, busy):
            with pytest.raises(ConnectionResetError):
                await deferToThread(guest.recv, 1)
        with closing(self.guest()) as waiting:
            assert waiting.getpeername()

    async def test_closing_a_door_that_nobody_came_through(self) -> None:
        self.open_door(metadata_of("one"))

        await self.door.stopService()

        assert not self.door.running

    async def test_a_shut_door_answers_those_that_wait_and_lets_in_no_other(self) -> None:
        self.open_door(metadata_of("one"))
        waiting = self.guest()

        self.door.let_in_who_waits()
        self.door.shut()

        with pytest.raises(ConnectionRefusedError):
            self.guest()
        assert b" 200 OK\r\n" in await deferToThread(ask, waiting, NAME)

    async def test_a_shut_door_can_be_opened_again(self) -> None:
        """By another server, with the same socket."""
        self.open_door(metadata_of("one"))
        self.door.let_in_who_waits()
        self.door.shut()
        await self.door.stopService()

        again = self.made(self.ours.dup(), metadata_of("two"))
        again.startService()
        self.addCleanup(again.stopService)

        assert b" 200 OK\r\n" in await deferToThread(ask, self.guest(), NAME)

    async def test_a_token_travels_one_hop(self) -> None:
        """On a socket of both families each option counts for its own alone: both are set."""
        self.open_door(metadata_of("one"))

        for family in FAMILIES:
            guest = self.guest(family)
            await deferToThread(ask, guest, NAME)
            [ours] = [
                cast("GuestChannel", each).transport.getHandle() for each in self.door.site.crowd.connections
            ]
            assert hops(ours) == (64, 64)
            await deferToThread(ask, guest, TOKEN.replace(b"1.0", b"1.1"))
            assert hops(ours) == (1, 1)
            await deferToThread(ask_and_half_close, guest, NAME)


def hops(connection: socket.socket) -> tuple[int, int]:
    return (
        connection.getsockopt(socket.IPPROTO_IP, socket.IP_TTL),
        connection.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
    )


def ask(guest: socket.socket, request: bytes) -> bytes:
    """The first piece of the answer: all of it, when it is short."""
    guest.sendall(request)
    return guest.recv(65536)


def ask_and_half_close(guest: socket.socket, request: bytes) -> bytes:
    guest.sendall(request)
    guest.shutdown(socket.SHUT_WR)
    return b"".join(iter(lambda: guest.recv(65536), b""))
