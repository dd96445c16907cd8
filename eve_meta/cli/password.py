"""`eve-meta password`."""

import json
from pathlib import Path

import click

from eve_meta.cli import guest_text, options
from eve_meta.cli.client import Client
from eve_meta.cli.examples import examples


@click.command(
    short_help="Show or clear the password that a guest has set.",
    epilog=examples(
        "eve-meta password tap0 | base64 -d | openssl pkeyutl -decrypt -inkey ~/.ssh/id_rsa",
        "eve-meta password tap0 --clear",
    ),
)
@options.interface
@click.option("--clear", is_flag=True, help="Forget it, so that the guest can set another.")
@options.as_json
@options.run_dir
def command(interface: str, clear: bool, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show the password that the guest behind INTERFACE has set, as it was set.

    That is in base64, and encrypted to the guest's RSA key, if cloudbase-init has set it.
    """
    client = Client(run_dir)
    if clear:
        answer = client.clear_password(interface)
        shown = f"{interface}: password cleared" if answer["cleared"] else f"{interface}: no password was set"
    else:
        answer = client.password(interface)
        shown = guest_text.shown(answer["password"] or "")
    if as_json:
        click.echo(json.dumps(answer, indent=1))
    elif shown:
        click.echo(shown, color=True)
    else:
        click.echo(f"eve-meta: {interface}: the guest has set no password", err=True)
