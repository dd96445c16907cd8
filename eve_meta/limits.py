"""How much one interface's guests may have of a server: settings whose defaults no boot comes near.

A boot makes 45 requests at most, with a connection each. Source: cloud-init's crawl of OpenStack and EC2.
"""

from collections.abc import Iterable, Mapping

from attrs import Attribute, asdict, field, fields, frozen

from eve_meta.errors import SettingError

PREFIX = "limits."
"""What the name of a limit begins with where it stands among other settings."""

_MANY = 1_000_000
_MEBIBYTE = 1024 * 1024
_DAY_SECONDS = 24 * 60 * 60


def _accepted(_limits: object, attribute: "Attribute[int]", value: int) -> None:
    accepted: range = attribute.metadata["accepted"]
    if value not in accepted:
        raise SettingError(PREFIX + attribute.name, f"{value} is not from {accepted[0]} to {accepted[-1]}")


def _limit(default: int, most: int, meaning: str) -> int:
    metadata = {"accepted": range(1, most + 1), "meaning": meaning}
    limit: int = field(default=default, validator=_accepted, metadata=metadata)
    return limit


@frozen(kw_only=True)
class Limits:
    """The limits of each interface, over all address families together; `meanings` tells what each is."""

    connections: int = _limit(
        128, _MANY, "open at once; for one more the one is closed that has been quiet longest"
    )
    connections_per_second: int = _limit(100, _MANY, "taken in; more wait to be")
    connections_burst: int = _limit(2000, _MANY, "taken in at once, after a quiet time")
    requests_per_second: int = _limit(100, _MANY, "answered; more get 429 with Retry-After")
    requests_burst: int = _limit(2000, _MANY, "answered at once, after a quiet time")
    requests_pipelined: int = _limit(
        32, _MANY, "in one connection before an answer; it is closed behind the last"
    )
    posts_per_second: int = _limit(
        1, _MANY, "kept, of what a guest sets or reports; more get 429 with Retry-After"
    )
    posts_burst: int = _limit(20, _MANY, "kept at once, after a quiet time")
    waiting: int = _limit(16, _MANY, "for a change, at once; more get 429 with Retry-After")
    headers: int = _limit(100, _MANY, "of a request; more get 431")
    head_bytes: int = _limit(16384, _MEBIBYTE, "of a request's first line and headers; more get 414 or 431")
    body_bytes: int = _limit(65536, 16 * _MEBIBYTE, "of a request; more get 413")
    head_seconds: int = _limit(30, _DAY_SECONDS, "for a request's first line and headers")
    body_seconds: int = _limit(60, _DAY_SECONDS, "for a request's body")
    idle_seconds: int = _limit(60, _DAY_SECONDS, "without a request, before a connection is closed")
    wait_seconds: int = _limit(300, _DAY_SECONDS, "for a change, whatever `timeout_sec` says")
    send_seconds: int = _limit(60, _DAY_SECONDS, "for a guest to take what it is sent")


def meanings() -> dict[str, str]:
    """What each limit is, by its name, in order."""
    return {each.name: each.metadata["meaning"] for each in fields(Limits)}


def assigned(assignments: Iterable[str]) -> Mapping[str, int]:
    """The limits that are given as `NAME=NUMBER`, by name.

    Raises:
        SettingError: there is none of this name, or it is no number.
    """
    wanted = {}
    for each in assignments:
        name, _, number = each.partition("=")
        if name not in meanings():
            raise SettingError(PREFIX + name, f"there is none of this name, only {', '.join(meanings())}")
        if not number.isascii() or not number.isdigit():
            raise SettingError(PREFIX + name, f"{number or 'nothing'} is not a number")
        wanted[name] = int(number)
    return wanted


def changed(assignments: Iterable[str]) -> Limits:
    """The limits where some, as `assigned` has them, are not the usual ones.

    Raises:
        SettingError: one of them cannot be.
    """
    return Limits(**assigned(assignments))


def assignments(limits: Limits) -> tuple[str, ...]:
    """What `changed` makes the same limits of."""
    return tuple(f"{name}={number}" for name, number in asdict(limits).items())
