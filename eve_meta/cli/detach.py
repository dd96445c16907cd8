"""`eve-meta detach`."""

from pathlib import Path

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client


@click.command(short_help="Serve nothing at an interface any more.")
@options.interface
@options.run_dir
def command(interface: str, run_dir: Path) -> None:
    """Serve nothing at INTERFACE any more, and remove all that was made for it.

    Example: eve-meta detach tap0
    """
    detached = Client(run_dir).detach(interface)
    click.echo(f"{interface}: detached" if detached else f"{interface}: was not attached")
