"""What guests have asked of late, byte for byte, and what it was read as: most of them ask the same.

The 44 questions of a cloud-init are the same bytes at every VM, and an SDK's the same each time. Where
nothing of a request has come before, what is read depends on the bytes alone; whose they were is not
remembered. A guest that asks in ever other words has all read anew, as without this.
"""

from typing import final

from attrs import Factory, field, frozen

from eve_meta.exchange import Request
from eve_meta.server.asked import Asked

MAX_BYTES = 1024
"""Of a request; longer than any client's that has no body."""

MAX_REQUESTS = 512
"""In a server: with what they were read as, two megabytes at most."""


@frozen(eq=False)
class Received:
    """A request that came whole.

    Attributes:
        keeps_alive: whether its connection goes on behind it.
        asked: what it asks.
    """

    request: Request
    keeps_alive: bool
    asked: Asked = field(init=False, default=Factory(lambda self: Asked.by(self.request), takes_self=True))


@final
class Recall:
    """Requests that came in one piece."""

    def __init__(self) -> None:
        self._known: dict[bytes, Received] = {}

    def read(self, piece: bytes) -> Received | None:
        """What a piece was read as; None if that is not known."""
        return self._known.get(piece) if len(piece) <= MAX_BYTES else None

    def note(self, piece: bytes, received: Received) -> None:
        """Remember the request that a piece is; one with a body is not, which may be a secret."""
        if len(piece) > MAX_BYTES or received.request.body:
            return
        if len(self._known) == MAX_REQUESTS:
            self._known.clear()
        self._known[piece] = received
