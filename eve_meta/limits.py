"""How much one interface's guests may have of a server: settings whose defaults no boot comes near.

A boot makes 45 requests at most, with a connection each. Source: cloud-init's crawl of OpenStack and EC2.
"""

from collections.abc import Iterable

from attrs import Attribute, asdict, field, fields, frozen

from eve_meta.errors import EveMetaError


class LimitError(EveMetaError):
    """A limit that cannot be set so, in words that name it."""


def _positive(_limits: object, attribute: "Attribute[int]", value: int) -> None:
    if value < 1:
        raise LimitError(f"limit {attribute.name}: {value} is too few, at least one is needed")


def _limit(default: int, meaning: str) -> int:
    limit: int = field(default=default, validator=_positive, metadata={"meaning": meaning})
    return limit


@frozen(kw_only=True)
class Limits:
    """The limits of each interface, over all address families together; `meanings` tells what each is."""

    connections: int = _limit(128, "open at once; for one more the one is closed that has been quiet longest")
    connections_per_second: int = _limit(100, "taken in; more wait to be")
    connections_burst: int = _limit(2000, "taken in at once, after a quiet time")
    requests_per_second: int = _limit(100, "answered; more get 429 with Retry-After")
    requests_burst: int = _limit(2000, "answered at once, after a quiet time")
    requests_pipelined: int = _limit(32, "in one connection before an answer; it is closed behind the last")
    posts_per_second: int = _limit(1, "kept, of what a guest sets or reports; more get 429 with Retry-After")
    posts_burst: int = _limit(20, "kept at once, after a quiet time")
    headers: int = _limit(100, "of a request; more get 431")
    head_bytes: int = _limit(16384, "of a request's first line and headers; more get 414 or 431")
    body_bytes: int = _limit(65536, "of a request; more get 413")
    head_seconds: int = _limit(30, "for a request's first line and headers")
    body_seconds: int = _limit(60, "for a request's body")
    idle_seconds: int = _limit(60, "without a request, before a connection is closed")
    send_seconds: int = _limit(60, "for a guest to take what it is sent")


def meanings() -> dict[str, str]:
    """What each limit is, by its name, in order."""
    return {each.name: each.metadata["meaning"] for each in fields(Limits)}


def changed(assignments: Iterable[str]) -> Limits:
    """The limits where some, as `NAME=NUMBER`, are not the usual ones.

    Raises:
        LimitError: there is none of this name, or it is no positive number.
    """
    wanted = {}
    for each in assignments:
        name, _, number = each.partition("=")
        if name not in meanings():
            raise LimitError(f"limit {name}: there is none of this name, only {', '.join(meanings())}")
        if not number.isascii() or not number.isdigit():
            raise LimitError(f"limit {name}: {number or 'nothing'} is not a number")
        wanted[name] = int(number)
    return Limits(**wanted)


def assignments(limits: Limits) -> tuple[str, ...]:
    """What `changed` makes the same limits of."""
    return tuple(f"{name}={number}" for name, number in asdict(limits).items())
