"""`eve-meta attach`."""

import json
import re
from pathlib import Path
from typing import Any

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client, RefusedError
from eve_meta.cli.pairs import Pair, pairs_in
from eve_meta.cli.source import read, shown
from eve_meta.cli.telling import attached
from eve_meta.contact import WAIT_MAX_SECONDS

_NAMES_A_FILE = re.compile(rb"\bfile[\"']?\s*:")
"""As the key is usually written. Where it is written otherwise the agent refuses it."""


@click.command(short_help="Serve a document to the guest behind an interface.")
@click.argument("targets", nargs=-1, metavar="INTERFACE DOCUMENT [INTERFACE DOCUMENT]... | DIRECTORY")
@click.option(
    "--wait",
    "wait_seconds",
    metavar="SECONDS",
    type=click.IntRange(0, WAIT_MAX_SECONDS),
    default=0,
    help="How long to wait for an interface that is about to appear.",
)
@options.as_json
@options.run_dir
def command(targets: tuple[str, ...], wait_seconds: int, as_json: bool, run_dir: Path) -> int:  # noqa: FBT001 - click passes all by name
    """Serve DOCUMENT, a YAML or JSON file or - for standard input, to the guest behind INTERFACE.

    Done only when a guest that asks is answered. An attached interface gets the new document in place
    of the old one at one instant, and so do all interfaces of the same VM.

    Of a DIRECTORY each INTERFACE.yaml, .yml or .json is served. Of many, one that is refused does not stop
    the others.

    Example: eve-meta attach tap0 /etc/eve-meta/vms/web.yaml

    Example: eve-meta attach --wait 60 /etc/eve-meta/at-boot
    """
    client, pairs = Client(run_dir), pairs_in(targets)
    if len(targets) == 2:  # noqa: PLR2004 - an interface and its document
        status = _attached(client, pairs[0], wait_seconds)
        click.echo(json.dumps(status) if as_json else attached(status))
        return 0
    from eve_meta.cli.attach_many import attach_many  # noqa: PLC0415 - brings along what reads documents

    return attach_many(client, pairs, wait_seconds, in_json=as_json)


def _attached(client: Client, pair: Pair, wait_seconds: int) -> Any:
    try:
        return client.attach(pair.interface, *_complete(pair.document), wait_seconds)
    except RefusedError as error:
        if error.kind == "document":
            raise click.ClickException(f"{shown(pair.document)}: {error}") from error
        raise


def _complete(document: str) -> tuple[bytes, str]:
    """The text to send and its media type: as it was written, unless files have to be put in."""
    text = read(document)
    if not _NAMES_A_FILE.search(text):
        return text, "application/yaml"
    from eve_meta.cli import documents  # noqa: PLC0415 - reading it takes longer than all else in an attach

    return documents.with_its_files(document, text), "application/json"
