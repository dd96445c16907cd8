"""From the figures of several rounds to the one that is told. Pure."""

from collections.abc import Sequence
from statistics import median, quantiles


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of what each round gives: a machine that slows down does so for both."""
    return median(one / other for one, other in zip(of, to, strict=True))


def percentiles(found: Sequence[float]) -> tuple[float, ...]:
    """The values that 1, 2… 99 percent of at least two do not exceed."""
    return tuple(quantiles(found, n=100, method="inclusive"))
