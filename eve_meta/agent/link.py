"""The connection to a server: the few things that it may ask of us, and what it may not.

Note [A server that was taken over]
    It can send anything. What is no message, an answer to nothing, or a question that fails here ends the
    connection: AMP sees to that. So do a message that does not end, and a descriptor: none is asked for. Who
    does not read what it is answered is not read from. No more than `MAX_ASKED` questions of one server are
    under way. A server without a connection is ended, and another made: see `process.py`.
"""

import os
from collections.abc import Callable
from typing import Any, final
from uuid import UUID

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.amp import AMP, AmpBox
from twisted.python.failure import Failure
from zope.interface import implementer

from eve_meta import passwords, reports
from eve_meta.errors import EveMetaError
from eve_meta.exchange import Post
from eve_meta.messages import (
    Keeper,
    KeepPost,
    MilestoneTeller,
    NotKeptError,
    PasswordSetError,
    TellMilestone,
)
from eve_meta.milestones import Milestone

MAX_UNFINISHED_BYTES = 64 * 1024
"""Of a message that has not ended. None that a server sends is longer than a report."""

_MAX_BYTES = {passwords.PASSWORD: passwords.MAX_BYTES, **dict.fromkeys(reports.REPORTS, reports.MAX_BYTES)}
"""Of what is posted, by its kind."""

MAX_ASKED = 1000
"""Questions of one server that are not answered yet."""

_MAX_NAME = 15
"""Characters of an interface's name. Source: IFNAMSIZ, linux/if.h."""


@final
@implementer(IPushProducer)
class ServerLink(AMP):
    """What a server may ask of the agent: nothing but for the VMs that it answers."""

    _log = Logger()

    def __init__(self, keep: Keeper, tell_milestone: MilestoneTeller, on_lost: Callable[[], None]) -> None:
        super().__init__()
        self._keep = keep
        self._tell_milestone = tell_milestone
        self._on_lost = on_lost
        self._unfinished = 0
        self._asked = 0

    def connectionMade(self) -> None:
        """Read no more than is read of ours."""
        super().connectionMade()
        self._wire.registerProducer(self, streaming=True)

    def pauseProducing(self) -> None:
        """Called by Twisted when answers pile up."""
        self._wire.pauseProducing()

    def resumeProducing(self) -> None:
        """Called by Twisted when they have been read."""
        self._wire.resumeProducing()

    def stopProducing(self) -> None:
        """Called by Twisted when the connection is lost."""

    def dataReceived(self, data: bytes) -> None:
        """Take some bytes of messages, as long as those end."""
        self._unfinished += len(data)
        super().dataReceived(data)
        if self._unfinished > MAX_UNFINISHED_BYTES:
            self._distrust("a message without end")

    def ampBoxReceived(self, box: AmpBox) -> None:
        """Take a whole message. What follows it is no longer than what is read at once."""
        self._unfinished = 0
        super().ampBoxReceived(box)

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """Take none."""
        os.close(descriptor)
        self._distrust("a descriptor")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Fail what we asked, and say so to whoever made us."""
        super().connectionLost(reason)
        self._on_lost()

    @KeepPost.responder
    def keep_post(self, interface: str, vm: str, kind: str, content: bytes) -> Deferred[dict[str, object]]:
        """Answered once it is kept and told."""
        return Deferred.fromCoroutine(self._keep_post(interface, vm, Post(kind, content)))

    async def _keep_post(self, interface: str, vm: str, post: Post) -> dict[str, object]:
        if len(post.content) > _MAX_BYTES[post.kind] or len(interface) > _MAX_NAME:
            raise ValueError("what no guest can have posted, or an interface that there cannot be")
        if self._asked >= MAX_ASKED:
            raise NotKeptError
        self._asked += 1
        try:
            await self._keep(interface, UUID(vm), post)
        except PasswordSetError:
            raise
        except EveMetaError as error:
            self._log.warn(
                "{interface}: a {kind_of_post} is not kept: {error}",
                kind_of_post=post.kind,
                interface=interface,
                error=error,
                uuid=vm,
            )
            raise NotKeptError from error
        finally:
            self._asked -= 1
        return {}

    @TellMilestone.responder
    def tell_milestone(self, interface: str, vm: str, milestone: str) -> dict[str, object]:
        """Not answered."""
        self._tell_milestone(interface, UUID(vm), Milestone(milestone))
        return {}

    @property
    def _wire(self) -> Any:
        return self.transport

    def _distrust(self, what: str) -> None:
        self._log.error("a server has sent {what}: ended", kind="server", what=what)
        if self.transport is not None:
            self._wire.abortConnection()
