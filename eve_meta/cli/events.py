"""`eve-meta events`."""

import json
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from eve_meta.cli import completing, options
from eve_meta.cli.client import Client, RefusedError
from eve_meta.cli.examples import examples

_AGAIN_SECONDS = 0.5
"""Before an agent that has gone away is asked for again."""

_COLOURS = {"warn": "yellow", "error": "red", "critical": "red"}


@click.command(
    short_help="Show what has changed, as it happens.",
    epilog=examples(
        "eve-meta events --follow tap0",
        "eve-meta events --json | jq -r 'select(.kind == \"repaired\").message'",
    ),
)
@click.argument("interfaces", nargs=-1, shell_complete=completing.attached)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@options.as_json
@options.run_dir
def command(interfaces: tuple[str, ...], follow: bool, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show what has changed, at INTERFACES or at all: attached, detached, put right, and so on.

    With --follow an agent that is started anew meanwhile is waited for. --json prints an object in a line for
    each event, for programs.
    """
    client = Client(run_dir)
    with suppress(KeyboardInterrupt):
        for line in _followed(client) if follow else client.events(0, follow=False):
            event = json.loads(line)
            if not interfaces or _is_about(event, interfaces):
                click.echo(line.decode().rstrip() if as_json else _shown(event))


def _followed(client: Client) -> Iterator[bytes]:
    """What the agent tells, and then the next: where one was, which has told something, it is waited for."""
    last = 0
    while True:
        try:
            for line in client.events(last, follow=True):
                last = json.loads(line)["number"]
                yield line
        except click.ClickException as error:
            if not last or isinstance(error, RefusedError):
                raise
        time.sleep(_AGAIN_SECONDS)


def _is_about(event: Any, interfaces: Collection[str]) -> bool:
    return any(each in interfaces for each in event.get("interfaces", ()))


def _shown(event: Any) -> str:
    at = datetime.fromisoformat(event["time"]).astimezone()
    return click.style(f"{at:%Y-%m-%d %H:%M:%S}  {event['message']}", fg=_COLOURS.get(event["level"]))
