"""A token bucket: so many at once, and so many a second after that."""

from typing import final

from attrs import define, field


@final
@define
class TokenBucket:
    """Full at first; may be overdrawn by who cannot be held back at once.

    Attributes:
        rate: tokens that come in a second.
        burst: how many there can be.
    """

    rate: int
    burst: int
    _tokens: float = field(init=False)
    _at: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, now: float) -> bool:
        """Take a token, if there is one at `now`, in seconds."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def overdraw(self, now: float) -> None:
        """Take a token, were there none."""
        self._fill(now)
        self._tokens -= 1

    def seconds_to_next(self) -> float:
        """Until there is a token, from the last look at it on; 0 where there is one."""
        return max(0.0, (1 - self._tokens) / self.rate)

    def _fill(self, now: float) -> None:
        """A clock that is set back fills nothing, and goes on from there."""
        if now > self._at and self._tokens < self.burst:
            self._tokens = min(self._tokens + (now - self._at) * self.rate, self.burst)
        self._at = now
