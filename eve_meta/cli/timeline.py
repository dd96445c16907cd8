"""`eve-meta timeline`."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from eve_meta.accesses import FIRST, Access, Accesses, Revision
from eve_meta.cli import moments, options
from eve_meta.cli.accesses import accesses_in
from eve_meta.cli.client import Client
from eve_meta.cli.examples import examples
from eve_meta.cli.table import aligned
from eve_meta.story import client_of

_WIDTH = 24
"""Characters for the time from the first request to the last."""

_REFUSED, _FAILED = 400, 500


@click.command(
    short_help="Show what a guest has asked, and when.",
    epilog=examples("eve-meta timeline tap0", "eve-meta timeline tap0 --json | jq -r '.requests[].path'"),
)
@options.interface
@options.as_json
@options.run_dir
def command(interface: str, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show what the guest behind INTERFACE has asked since its door was opened, a line for each request.

    A line has the seconds since then, where that is between the first request and the last, the status and
    length of the answer, and what was asked. Above it stands who asked, where that changes.
    """
    told = Client(run_dir).requests(interface)
    if as_json:
        click.echo(json.dumps(told, indent=1))
    else:
        _show(interface, accesses_in(told))


def _show(interface: str, accesses: Accesses) -> None:
    click.echo(f"{interface}: open since {moments.shown(accesses.since)}")
    for line in drawn(accesses):
        click.echo(line)


def drawn(accesses: Accesses) -> Iterator[str]:
    """Requests and changes of the document, in the order of time; who asked, where that changes."""
    events: list[Access | Revision] = [*accesses.revisions, *accesses.requests]
    events.sort(key=_at)
    agent: str | None = None
    requests = 0
    for event, line in zip(events, aligned([_cells(each, accesses) for each in events]), strict=True):
        if isinstance(event, Access):
            if requests == FIRST and accesses.forgotten:
                yield f"… {accesses.forgotten} requests are not remembered …"
            requests += 1
            if event.agent != agent:
                agent = event.agent
                yield f"{client_of(event)}:"
        yield click.style(f"  {line}", fg=_colour(event))


def _at(event: Access | Revision) -> float:
    return event.at


def _cells(event: Access | Revision, accesses: Accesses) -> tuple[str, ...]:
    since = f"+{event.at - accesses.since:.3f} s"
    if isinstance(event, Revision):
        return since, "", "", "", f"revision {event.revision}"
    asked = f"{event.method} {event.path}"
    return since, _place(event, accesses), str(event.status), f"{event.bytes} B", asked


def _place(access: Access, accesses: Accesses) -> str:
    """A mark where the request is between the first and the last."""
    first, last = accesses.requests[0].at, accesses.requests[-1].at
    part = min(max((access.at - first) / (last - first), 0), 1) if last > first else 0
    place = round(part * (_WIDTH - 1))
    return "·" * place + "●" + "·" * (_WIDTH - 1 - place)


def _colour(event: Access | Revision) -> str | None:
    if isinstance(event, Revision):
        return "cyan"
    if event.status >= _FAILED:
        return "red"
    return "yellow" if event.status >= _REFUSED else None
