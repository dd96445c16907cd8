"""A guest's boot, as its requests tell it."""

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from attrs import frozen

from eve_meta.accesses import Access, Accesses
from eve_meta.milestones import USER_DATA_PATHS
from eve_meta.totals import format_of

_SHOWN = 5
"""Paths that were not found, in one line."""

_TITLES = {"ec2": "EC2", "openstack": "OpenStack", "nocloud": "NoCloud", "eve": "EVE"}
_OK, _NOT_FOUND = 200, 404


@frozen
class Reading:
    """When a guest has read its user data, and of which revision of its document."""

    at: float
    revision: int


def client_of(access: Access) -> str:
    """Who asked: how it calls itself."""
    return access.agent or "a client without a name"


def clients(accesses: Accesses) -> Iterator[str]:
    """Everybody who asked, with the formats that were asked for, in the order of their first requests."""
    formats: dict[str, dict[str, None]] = {}
    for each in accesses.requests:
        formats.setdefault(client_of(each), {})[_TITLES[format_of(each.path)]] = None
    for name, asked in formats.items():
        yield f"{name} ({', '.join(asked)})"


def user_data_read(accesses: Accesses) -> Reading | None:
    """The last time; None if it was not read, as far as is remembered."""
    read = [each for each in accesses.requests if each.status == _OK and each.path.endswith(USER_DATA_PATHS)]
    return Reading(read[-1].at, revision_at(accesses, read[-1].at)) if read else None


def revision_at(accesses: Accesses, at: float) -> int:
    """The revision of the document that was answered from at a time; the oldest known, if that was later."""
    first, *later = accesses.revisions
    return [first, *takewhile(lambda each: each.at <= at, later)][-1].revision


def story(accesses: Accesses, now: float) -> Iterator[tuple[str, str]]:
    """What there is to tell of guests, as titles and texts."""
    accesses = accesses.of_guests()
    if not accesses.requests:
        yield "guest", f"has asked nothing since its door was opened, {duration(now - accesses.since)} ago"
        return
    first, last = accesses.requests[0], accesses.requests[-1]
    yield "first request", f"{duration(first.at - accesses.since)} after the door was opened"
    yield "last request", f"{duration(now - last.at)} ago"
    yield "asked by", ", ".join(clients(accesses))
    yield "requests", _answers(accesses)
    yield "user data", _user_data(accesses)
    if missed := _in_vain(accesses):
        yield "not found", missed


def duration(seconds: float) -> str:
    """For people, in the unit that fits."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.1f} s"


def _answers(accesses: Accesses) -> str:
    statuses = Counter(each.status for each in accesses.requests)
    counted = ", ".join(f"{statuses[status]} with {status}" for status in sorted(statuses))
    forgotten = f"; {accesses.forgotten} more are not remembered" if accesses.forgotten else ""
    return f"{len(accesses.requests)}: {counted}{forgotten}"


def _user_data(accesses: Accesses) -> str:
    read = user_data_read(accesses)
    if read is None:
        return "not read"
    told = f"read {duration(read.at - accesses.since)} after the door was opened"
    now = accesses.revisions[-1].revision
    return told if read.revision == now else f"{told}, of revision {read.revision}; {now} is in force"


def _in_vain(accesses: Accesses) -> str:
    paths = list(dict.fromkeys(each.path for each in accesses.requests if each.status == _NOT_FOUND))
    more = f" and {len(paths) - _SHOWN} others" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
