"""A door's resource is one of Twisted's: Twisted's own site answers from it as ours does."""

from typing import cast
from uuid import UUID

import pytest
from twisted.internet.task import Clock
from twisted.web.server import Site

from eve_meta.answer import Metadata
from eve_meta.document import parse
from eve_meta.exchange import Post
from eve_meta.limits import Limits
from eve_meta.server.resource import MetadataResource
from eve_meta.server.site import GuestSite
from tests.support import EXAMPLE
from tests.unit.transport import GuestTransport

LINES = {b"Date", b"Server", b"Connection"}
"""The transport's own."""


WAIT_SECONDS = 5


async def keep(interface: str, vm: UUID, post: Post) -> None:
    """Keep a post at once."""


def answered(site: Site | GuestSite, sent: bytes, clock: Clock) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Status line, headers and body of what is answered in the end."""
    transport = GuestTransport()
    channel = site.buildProtocol(None)
    assert channel
    channel.makeConnection(transport)
    channel.dataReceived(sent)
    clock.advance(WAIT_SECONDS)
    head, _, body = cast("bytes", transport.value()).partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    named = dict(cast("tuple[bytes, bytes]", each.split(b": ", 1)) for each in headers)
    return line, {name: value for name, value in named.items() if name not in LINES}, body


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /openstack/latest/user_data",
        b"HEAD /openstack/latest/user_data",
        b"GET /latest/meta-data/",
        b"GET /latest/meta-data/%2e%2e",
        b"GET /nowhere?x=y",
        b"GET /latest/meta-data/?wait_for_change=true&timeout_sec=%d" % WAIT_SECONDS,
        b"HEAD /latest/meta-data/?wait_for_change=true&last_etag=0",
        b"GET /latest/meta-data/?wait_for_change=yes",
        b"PUT /latest/meta-data/hostname",
        b"POST /openstack/latest/password",
        b"GET http://169.254.169.254/latest/meta-data/hostname",
        b"GET /" + b"a" * 3000,
        b"GET /openstack",
    ],
)
@pytest.mark.parametrize("header", [b"", b"If-None-Match: *\r\n"])
def test_both_answer_the_same(request_line: bytes, header: bytes) -> None:
    clock = Clock()
    resource = MetadataResource("tap0", Metadata(parse(EXAMPLE), bytes(32)), clock, keep, limits=Limits())
    sent = request_line + b" HTTP/1.1\r\nHost: x\r\n%sContent-Length: 6\r\n\r\nsecret" % header

    expected = answered(Site(resource, reactor=clock), sent, clock)

    assert expected == answered(GuestSite(resource, Limits(), clock), sent, clock)
    assert expected[0].startswith(b"HTTP/1.1 ")
