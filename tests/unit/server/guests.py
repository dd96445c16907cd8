"""Guests of one door, over Twisted's in-memory transport and the real site."""

import http.client
from io import BytesIO
from typing import TYPE_CHECKING, cast
from uuid import UUID

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from eve_meta.answer import Metadata
from eve_meta.exchange import Post
from eve_meta.limits import Limits
from eve_meta.server.channel import GuestChannel
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite
from eve_meta.vm import VM
from tests.unit.transport import GuestTransport

if TYPE_CHECKING:
    import socket

ANY_UUID = UUID("11111111-2222-3333-4444-555555555555")
USER_DATA = b"#!/bin/sh\nexit 0\n"
GET = b"GET /openstack/latest/user_data HTTP/1.1\r\nHost: [fe80::a9fe:a9fe%eth0]\r\n\r\n"
VERSIONS = b"GET /openstack HTTP/1.1\r\nHost: x\r\n\r\n"


def some_metadata() -> Metadata:
    vm = VM(uuid=ANY_UUID, user_data=USER_DATA)
    return Metadata(vm=vm, token_key=bytes(32))


@frozen
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@define
class Guest:
    """One guest's connection to a site in memory."""

    metadata: Metadata = field(factory=some_metadata)
    clock: Clock = field(factory=Clock)
    transport: GuestTransport = field(factory=GuestTransport)
    limits: Limits = field(factory=Limits)
    keeping: Deferred[None] = field(factory=Deferred)
    kept: list[Post] = field(factory=list)
    rushes: list[float] = field(factory=list)
    resource: MetadataResource = field(init=False)
    site: GuestSite = field(init=False)
    channel: GuestChannel = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.resource = MetadataResource("tap0", self.metadata, self.clock, self.keep, limits=self.limits)
        self.site = GuestSite(self.resource, self.limits, self.clock)
        self.site.on_rush = self.rushes.append
        self.channel = connect(self.site, self.transport)

    async def keep(self, interface: str, vm: UUID, post: Post) -> None:
        """Keep a post when the test says so."""
        assert (interface, vm) == ("tap0", self.metadata.vm.uuid)
        self.kept.append(post)
        await self.keeping

    def ask(self, *pieces: bytes) -> bytes:
        """All that the guest is sent in return."""
        self.transport.clear()
        for piece in pieces:
            self.channel.dataReceived(piece)
        sent: bytes = self.transport.value()
        return sent


def connect(site: GuestSite, transport: GuestTransport) -> GuestChannel:
    channel = site.buildProtocol(None)
    channel.makeConnection(transport)
    return channel


class _Sent:
    """Bytes where the standard library's HTTP client wants a socket."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)
        self._file.close = lambda: None  # type: ignore[method-assign]

    def makefile(self, _mode: str) -> BytesIO:
        return self._file


def replies(sent: bytes, *methods: str) -> list[Reply]:
    """What a client of another project takes from it: one reply for each method, and no byte more."""
    source = _Sent(sent)
    found = []
    for method in methods:
        response = http.client.HTTPResponse(cast("socket.socket", source), method=method)
        response.begin()
        found.append(Reply(response.status, dict(response.headers), response.read()))
    assert source.makefile("rb").read() == b""
    return found
