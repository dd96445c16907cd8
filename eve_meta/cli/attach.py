"""`eve-meta attach`."""

import re
from pathlib import Path

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client, RefusedError
from eve_meta.cli.source import read, shown
from eve_meta.contact import WAIT_MAX_SECONDS

_NAMES_A_FILE = re.compile(rb"\bfile[\"']?\s*:")
"""As the key is usually written. Where it is written otherwise the agent refuses it."""


@click.command(short_help="Serve a document to the guest behind an interface.")
@options.interface
@options.document
@click.option(
    "--wait",
    "wait_seconds",
    metavar="SECONDS",
    type=click.IntRange(0, WAIT_MAX_SECONDS),
    default=0,
    help="How long to wait for an interface that is about to appear.",
)
@options.run_dir
def command(interface: str, document: str, wait_seconds: int, run_dir: Path) -> None:
    """Serve DOCUMENT, a YAML or JSON file or - for standard input, to the guest behind INTERFACE.

    Done only when a guest that asks is answered. An attached interface gets the new document in place
    of the old one at one instant, and so do all interfaces of the same VM.

    Example: eve-meta attach tap0 /etc/eve-meta/vms/web.yaml
    """
    try:
        status = Client(run_dir).attach(interface, *_complete(document), wait_seconds)
    except RefusedError as error:
        if error.kind == "document":
            raise click.ClickException(f"{shown(document)}: {error}") from error
        raise
    took = "" if status["took_ms"] is None else f", {status['took_ms']:.0f} ms"
    click.echo(f"{interface}: attached (uuid {status['uuid']}, revision {status['revision']}{took})")


def _complete(document: str) -> tuple[bytes, str]:
    """The text to send and its media type: as it was written, unless files have to be put in."""
    text = read(document)
    if not _NAMES_A_FILE.search(text):
        return text, "application/yaml"
    from eve_meta.cli import documents  # noqa: PLC0415 - reading it takes longer than all else in an attach

    return documents.with_its_files(document, text), "application/json"
