"""What of a request is remembered and counted. That depends on its bytes alone, and is found once."""

from typing import Self

from attrs import frozen

from eve_meta.accesses import PROBE
from eve_meta.exchange import Request
from eve_meta.milestones import USER_DATA_PATHS
from eve_meta.totals import format_of

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")

_MAX_PATH, _MAX_AGENT = 96, 64
_METHOD_NUMBERS = {each.encode(): number for number, each in enumerate(METHODS)}
_USER_DATA = tuple(each.encode() for each in USER_DATA_PATHS)


@frozen(eq=False)
class Asked:
    """As short as it is kept.

    Attributes:
        path: without a query.
        method: its number in `METHODS`, or the next one.
        agent: how the client calls itself.
        format: one of `eve_meta.totals.FORMATS`.
        is_for_user_data: whether user data is where it leads.
        is_probe: whether an operator asks in a guest's place.
    """

    path: bytes
    method: int
    agent: bytes
    format: str
    is_for_user_data: bool
    is_probe: bool

    @classmethod
    def by(cls, request: Request) -> Self:
        """What a request asks."""
        path, _, _ = request.target.partition(b"?")
        agent = request.headers.get(b"user-agent", b"")
        return cls(
            path=path[:_MAX_PATH],
            method=_METHOD_NUMBERS.get(request.method, len(METHODS)),
            agent=agent[:_MAX_AGENT],
            format=format_of(path.decode("latin-1")),
            is_for_user_data=path.endswith(_USER_DATA),
            is_probe=agent == PROBE.encode(),
        )


UNREAD = Asked(b"", len(METHODS), b"", "none", is_for_user_data=False, is_probe=False)
"""What could not be read."""
