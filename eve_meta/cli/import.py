"""`eve-meta import`."""

import json
from uuid import UUID

import click

from eve_meta.cli import completing
from eve_meta.cli.examples import examples
from eve_meta.cli.seeds import document_of
from eve_meta.document.notation import MAX_BYTES
from eve_meta.document.writing import dump


@click.command(
    short_help="Make a document of a seed or a config drive.",
    epilog=examples(
        "eve-meta import seed.iso >web.yaml",
        "virsh dumpxml web | eve-meta import -",
        "eve-meta import meta_data.json network_data.json --uuid 6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11",
    ),
)
@click.argument("source", shell_complete=completing.files)
@click.argument("network_data", required=False, shell_complete=completing.files)
@click.option("--uuid", type=click.UUID, help="The VM's SMBIOS UUID, if it is not what SOURCE says.")
@click.option("--json", "in_json", is_flag=True, help="Print JSON.")
def command(source: str, network_data: str | None, uuid: UUID | None, in_json: bool) -> None:  # noqa: FBT001 - click passes all by name
    """Print the document that tells a guest what SOURCE does.

    SOURCE is a NoCloud seed or a config drive (a directory or an ISO 9660 image), a domain in libvirt's
    XML, or nova's meta_data.json, with NETWORK_DATA or the network_data.json beside it. What a document
    cannot say is told on standard error.
    """
    document = document_of(source, uuid, network_data)
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n" if in_json else dump(document)
    if len(text.encode()) > MAX_BYTES:
        reason = f"makes a document of more than {MAX_BYTES} bytes"
        raise click.ClickException(f"{source}: {reason}: give it to 'eve-meta attach --seed' itself")
    click.echo(text, nl=False)
