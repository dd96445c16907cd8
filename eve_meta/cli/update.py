"""`eve-meta update`."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client
from eve_meta.cli.documents import vm_and_text
from eve_meta.cli.examples import examples
from eve_meta.cli.source import read, shown


@click.command(
    short_help="Serve a VM another document.",
    epilog=examples(
        "eve-meta update /etc/eve-meta/vms/web.yaml", "sed s/old/new/ web.yaml | eve-meta update -"
    ),
)
@options.document
@options.as_json
@options.run_dir
def command(document: str, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Serve DOCUMENT, a YAML or JSON file or - for standard input, to the VM whose uuid is in it.

    All its interfaces change at one instant; open connections go on. The VM must be attached.
    """
    client = Client(run_dir)
    vm, text = vm_and_text(document, read(document))
    before = _attached(client, vm.uuid)
    if not before:
        message = f"{shown(document)}: VM {vm.uuid} is not attached: see 'eve-meta list', 'eve-meta attach'"
        raise click.ClickException(message)
    client.attach(before[0]["interface"], text, "application/json", wait_seconds=0)
    after = _attached(client, vm.uuid)
    click.echo(json.dumps(after, indent=1) if as_json else "\n".join(map(_told, after)))


def _attached(client: Client, vm: UUID) -> list[Any]:
    """The statuses of a VM's interfaces, those that are open first."""
    statuses = [each for each in client.list()["interfaces"] if each["uuid"] == str(vm)]
    return sorted(statuses, key=lambda each: bool(each["state"] != "open"))


def _told(status: Any) -> str:
    return f"{status['interface']}: {status['state']}, revision {status['revision']}"
