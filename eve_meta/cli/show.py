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
    titles = {"server_pid": "server process", "took_ms": "attached in"}
    for field, value in status.items():
        if value is not None:
            text = f"{value:.0f} ms" if field == "took_ms" else str(value)
            yield titles.get(field, field), text
