"""How often one interface's guests may have something kept: each time the host's disk is written."""

from collections.abc import Callable
from uuid import UUID

from attrs import frozen

from eve_meta.errors import EveMetaError
from eve_meta.exchange import Post
from eve_meta.limits import Limits
from eve_meta.messages import Keeper
from eve_meta.server.bucket import TokenBucket
from eve_meta.server.tally import Tally


@frozen
class TooManyPostsError(EveMetaError):
    """There may be another one after some seconds."""

    pause: float


def bounded(keep: Keeper, limits: Limits, clock: Callable[[], float], tally: Tally) -> Keeper:
    """Keeps as `keep` does, and raises `TooManyPostsError` for what is beyond the limits."""
    posts = TokenBucket(limits.posts_per_second, limits.posts_burst)

    async def keep_some(interface: str, vm: UUID, post: Post) -> None:
        if not posts.take(clock()):
            tally.hit("posts_per_second")
            raise TooManyPostsError(posts.seconds_to_next())
        await keep(interface, vm, post)

    return keep_some
