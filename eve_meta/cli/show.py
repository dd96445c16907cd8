"""`eve-meta show`."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import click

from eve_meta.cli import frames, moments, options
from eve_meta.cli.accesses import accesses_in
from eve_meta.cli.client import Client
from eve_meta.cli.colours import coloured
from eve_meta.cli.examples import examples
from eve_meta.cli.table import aligned
from eve_meta.story import duration, story


@click.command(
    short_help="Show one attached interface.",
    epilog=examples("eve-meta show tap0", "eve-meta show tap0 --json | jq .revision"),
)
@options.interface
@options.as_json
@options.run_dir
def command(interface: str, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show how INTERFACE is served: which VM's document, through what, and why not if it is not.

    If it is, also what its guest has asked: since when, by whom, in vain, and whether for its user data.
    """
    client = Client(run_dir)
    status = client.show(interface)
    if as_json:
        click.echo(json.dumps(status, indent=1))
        return
    told = _story(client, status) if status["state"] == "open" else ()
    click.echo("\n".join(aligned([*_lines(status), *told])))


def _story(client: Client, status: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    interface = status["interface"]
    try:
        accesses = accesses_in(client.requests(interface))
        reports = client.reports(interface)["reports"]
        contacts = () if accesses.of_guests().requests else client.contacts(interface)["contacts"][:1]
    except click.ClickException as error:
        return [("requests", error.format_message())]
    opened = "open since", moments.shown(accesses.since)
    return chain(
        (opened,),
        _frames(status["link"]),
        (_first_contact(each, accesses.since) for each in contacts),
        story(accesses, time.time()),
        map(_reported, reports),
    )


def _frames(link: str) -> Iterator[tuple[str, str]]:
    number = frames.steered(link)
    if number is not None:
        yield "frames", f"{number or 'none'} from the guest to the metadata addresses"


def _first_contact(contact: Any, since: float) -> tuple[str, str]:
    """Of a guest that has asked nothing; of one that has, its first request tells."""
    waited = duration(max(0.0, contact["at"] - since))
    return "first contact", f"by {contact['address']} ({contact['mac']}), {waited} after the door was opened"


def _reported(report: Any) -> tuple[str, str]:
    return "reported", f"{report['kind']}, {report['bytes']} B, {duration(time.time() - report['at'])} ago"


def _lines(status: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field, value in status.items():
        match field, value:
            case _, None | False:
                pass
            case "state", _:
                yield field, coloured(str(value))
            case "has_password", _:
                yield "password", "set by the guest: see 'eve-meta password'"
            case "server_pid", _:
                yield "server process", str(value)
            case "took_ms", _:
                yield "attached in", f"{value:.0f} ms"
            case _:
                yield field, str(value)
