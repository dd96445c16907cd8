"""`eve-meta attach`."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from eve_meta.cli import completing, options
from eve_meta.cli.client import Client, RefusedError
from eve_meta.cli.examples import examples
from eve_meta.cli.pairs import Pair, pairs_in
from eve_meta.cli.source import read, shown
from eve_meta.cli.telling import attached
from eve_meta.contact import WAIT_MAX_SECONDS

Sent = tuple[bytes, str]
"""A text and its media type."""

_JSON = "application/json"
_NAMES_A_FILE = re.compile(rb"\bfile[\"']?\s*:")
"""As the key is usually written. Where it is written otherwise the agent refuses it."""


@click.command(
    short_help="Serve a document to the guest behind an interface.",
    epilog=examples(
        "eve-meta attach tap0 /etc/eve-meta/vms/web.yaml",
        "eve-meta attach --wait 60 /etc/eve-meta/at-boot",
        "eve-meta attach tap0 --seed seed.iso",
    ),
)
@click.argument(
    "targets",
    nargs=-1,
    metavar="INTERFACE DOCUMENT [INTERFACE DOCUMENT]... | DIRECTORY | INTERFACE --seed SEED",
    shell_complete=completing.attachable,
)
@click.option(
    "--wait",
    "wait_seconds",
    metavar="SECONDS",
    type=click.IntRange(0, WAIT_MAX_SECONDS),
    default=0,
    help="How long to wait for an interface that is about to appear.",
)
@click.option(
    "--seed",
    help="Instead of a document what 'eve-meta import' takes: a NoCloud seed, a config drive…",
    shell_complete=completing.files,
)
@click.option("--uuid", type=click.UUID, help="With --seed: the VM's SMBIOS UUID.")
@options.as_json
@options.run_dir
def command(  # noqa: PLR0913, PLR0917 - click passes all by name
    targets: tuple[str, ...],
    wait_seconds: int,
    seed: str | None,
    uuid: UUID | None,
    as_json: bool,  # noqa: FBT001
    run_dir: Path,
) -> int:
    """Serve DOCUMENT, a YAML or JSON file or - for standard input, to the guest behind INTERFACE.

    Done only when a guest that asks is answered. An attached interface gets the new document in place
    of the old one at one instant, and so do all interfaces of the same VM.

    Of a DIRECTORY each INTERFACE.yaml, .yml or .json is served. Of many, one that is refused does not stop
    the others.
    """
    client = Client(run_dir)
    if seed is not None:
        pair, complete = _seeded(targets, seed), partial(_imported, uuid=uuid)
        return _attach_one(client, pair, complete, wait_seconds, in_json=as_json)
    if uuid is not None:
        raise click.UsageError("--uuid goes with --seed: a document says its uuid itself")
    pairs = pairs_in(targets)
    if len(targets) == 2:  # noqa: PLR2004 - an interface and its document
        return _attach_one(client, pairs[0], _complete, wait_seconds, in_json=as_json)
    from eve_meta.cli.attach_many import attach_many  # noqa: PLC0415 - brings along what reads documents

    return attach_many(client, pairs, wait_seconds, in_json=as_json)


def _seeded(targets: tuple[str, ...], seed: str) -> Pair:
    if len(targets) != 1:
        raise click.UsageError("--seed stands instead of DOCUMENT: name one INTERFACE beside it")
    return pairs_in((*targets, seed))[0]


def _attach_one(
    client: Client, pair: Pair, complete: Callable[[str], Sent], wait_seconds: int, *, in_json: bool
) -> int:
    try:
        status = client.attach(pair.interface, *complete(pair.document), wait_seconds)
    except RefusedError as error:
        if error.kind == "document":
            raise click.ClickException(f"{shown(pair.document)}: {error}") from error
        raise
    click.echo(json.dumps(status) if in_json else attached(status))
    return 0


def _imported(seed: str, uuid: UUID | None) -> Sent:
    from eve_meta.canonical import canonical  # noqa: PLC0415 - as below
    from eve_meta.cli.seeds import document_of  # noqa: PLC0415 - as below

    return canonical(document_of(seed, uuid)), _JSON


def _complete(document: str) -> Sent:
    """As it was written, unless files have to be put in."""
    text = read(document)
    if not _NAMES_A_FILE.search(text):
        return text, "application/yaml"
    from eve_meta.cli import documents  # noqa: PLC0415 - reading it takes longer than all else in an attach

    return documents.with_its_files(document, text), _JSON
