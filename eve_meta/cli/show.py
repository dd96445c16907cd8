"""`eve-meta show`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client
from eve_meta.cli.table import aligned


@click.command(short_help="Show one attached interface.")
@options.interface
@options.as_json
@options.run_dir
def command(interface: str, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show how INTERFACE is served: which VM's document, through what, and why not if it is not.

    Example: eve-meta show tap0
    """
    status = Client(run_dir).show(interface)
    click.echo(json.dumps(status, indent=1) if as_json else "\n".join(aligned(_lines(status))))


def _lines(status: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field, value in status.items():
        match field, value:
            case _, None | False:
                pass
            case "has_password", _:
                yield "password", "set by the guest: see 'eve-meta password'"
            case "server_pid", _:
                yield "server process", str(value)
            case "took_ms", _:
                yield "attached in", f"{value:.0f} ms"
            case _:
                yield field, str(value)
