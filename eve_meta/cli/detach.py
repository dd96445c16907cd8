"""`eve-meta detach`."""

from pathlib import Path
from uuid import UUID

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client


@click.command(short_help="Serve nothing at an interface any more.")
@options.interface
@click.option("--uuid", type=click.UUID, help="Only if it is the VM with this UUID that is served there.")
@options.run_dir
def command(interface: str, uuid: UUID | None, run_dir: Path) -> None:
    """Serve nothing at INTERFACE any more, and remove all that was made for it.

    Example: eve-meta detach tap0
    """
    if Client(run_dir).detach(interface, uuid):
        click.echo(f"{interface}: detached")
    else:
        click.echo(f"{interface}: was not attached" + (f" to {uuid}" if uuid else ""))
