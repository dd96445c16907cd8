"""From the figures of several rounds to the one that is told. Pure."""

from collections.abc import Sequence
from statistics import median, quantiles


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The median of what each round gives: a machine that slows down does so for both."""
    return median(one / other for one, other in zip(of, to, strict=True))


def percentile(found: Sequence[float], percent: int) -> float:
    """The value that so many percent of at least two do not exceed."""
    return quantiles(found, n=100, method="inclusive")[percent - 1]


def change(now: float, before: float) -> float:
    """By how many percent something has grown."""
    return (now / before - 1) * 100
