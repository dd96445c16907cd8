"""The thin Twisted resource of one interface: requests go to the pure `answer`, answers to the guest."""

import os
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.tcp import Server
from twisted.logger import Logger
from twisted.web.resource import Resource

from eve_meta.answer import Answer, Metadata, Request, answer
from eve_meta.errors import EveMetaError
from eve_meta.exchange import Post, too_many
from eve_meta.limits import Limits
from eve_meta.messages import AgentSilentError, Keeper, PasswordSetError
from eve_meta.passwords import ALREADY_SET, NOT_KEPT
from eve_meta.server.posts import TooManyPostsError
from eve_meta.server.request import GuestRequest
from eve_meta.server.waits import Waits

_NOT_MODIFIED = HTTPStatus.NOT_MODIFIED.value
_FAILED = Answer(status=HTTPStatus.INTERNAL_SERVER_ERROR, headers=(), body=b"")

NOT_DONE_YET = 1
"""What a resource returns that answers later.

Source: `twisted.web.server`. That is not imported: it takes longer than all else of Twisted's web, and brings
Perspective Broker into processes that are to hold nothing but what they need.
"""


@final
class MetadataResource(Resource):
    """Every path, method and version of one interface.

    Attributes:
        interface: its name.
        metadata: what is answered from; see `refresh`.
        waits: those who wait for a change of it.
    """

    isLeaf = True
    _log = Logger()

    def __init__(  # noqa: PLR0913 - each is what an answer depends on
        self,
        interface: str,
        metadata: Metadata,
        clock: IReactorTime,
        keep: Keeper,
        *,
        limits: Limits,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Take whom it is of, what is answered, and what else that depends on."""
        super().__init__()
        self._entropy = entropy
        self.metadata = metadata
        self.interface = interface
        self.waits = Waits(self._answer, _send, clock, limits)
        self._seconds = clock.seconds
        self._keep = keep

    def refresh(self, metadata: Metadata) -> None:
        """Answer from this from now on, and those who wait if it is another answer."""
        self.metadata = metadata
        self.waits.look()

    def render(self, request: GuestRequest) -> int:
        """Answer at once, unless something is to be kept or waited for before."""
        reply = self._answer(request)
        if reply.wait is not None:
            self.waits.begin(request, reply, reply.wait)
        elif reply.post is None:
            _send(request, reply)
        else:
            kept = Deferred.fromCoroutine(self._send_when_kept(request, reply, reply.post))
            kept.addErrback(lambda failure: self._log.failure("an answer could not be sent", failure))
        return NOT_DONE_YET

    async def _send_when_kept(self, request: GuestRequest, reply: Answer, post: Post) -> None:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        try:
            await self._keep(self.interface, self.metadata.vm.uuid, post)
        except PasswordSetError:
            reply = ALREADY_SET
        except TooManyPostsError as error:
            reply = too_many(error.pause)
        except AgentSilentError:
            request.channel.loseConnection()
            return
        except EveMetaError:
            reply = NOT_KEPT
        if not gone:
            _send(request, reply)

    def _answer(self, request: GuestRequest) -> Answer:
        """The pure answer; one that fails is our bug, and the guest is told nothing about it."""
        try:
            return answer(
                self.metadata,
                _value_of(request),
                self._seconds(),
                self._entropy,
                request.getClientAddress().host,
            )
        except Exception:  # noqa: BLE001 - whatever it is, other guests go on
            self._log.failure("no answer at {interface}", interface=self.interface)
            return _FAILED


def _send(request: GuestRequest, reply: Answer) -> None:
    """Send it with a length: a guest may not know chunks, and HEAD tells it too.

    But for one that says that nothing has changed: there it would be the length of what has not.
    """
    request.setResponseCode(reply.status)
    for name, value in reply.headers:
        request.setHeader(name, value)
    if reply.status != _NOT_MODIFIED:
        request.setHeader(b"Content-Length", b"%d" % len(reply.body))
    if reply.hop_limit is not None:
        limit_hops(request.channel.transport, reply.hop_limit)
    request.write(reply.body)
    request.finish()


def limit_hops(connection: Server, hops: int) -> None:
    """Let what is sent over a connection from now on travel so many hops and no more.

    For the rest of its life: what was sent but got lost is sent again with the limit of that later moment.
    A connection from an IPv4 guest to a socket of both families heeds the IPv4 option only.
    """
    handle: socket.socket = connection.getHandle()
    handle.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
    if handle.family == socket.AF_INET6:
        handle.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)


def _value_of(request: Any) -> Request:
    """A request as a value, be it ours or, in a site of Twisted's own, one of Twisted's."""
    if isinstance(request, GuestRequest):
        return request.value
    headers = {name.lower(): b", ".join(values) for name, values in request.requestHeaders.getAllRawHeaders()}
    return Request(request.method, request.uri, headers, request.content.read())
