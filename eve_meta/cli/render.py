"""`eve-meta render`."""

import json
import os
import sys
import time
from http import HTTPStatus

import click
from attrs import evolve

from eve_meta.answer import Answer, Metadata, Request, answer, paths
from eve_meta.cli import options
from eve_meta.cli.documents import vm_in
from eve_meta.cli.examples import examples
from eve_meta.cli.source import read
from eve_meta.vm import VM, Tokens

TOKEN_KEY_BYTES = 32


@click.command(
    short_help="Show what a guest would be answered, without an agent.",
    epilog=examples(
        "eve-meta render web.yaml", "eve-meta render web.yaml /openstack/latest/meta_data.json | jq ."
    ),
)
@options.document
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the list of paths as JSON.")
def command(document: str, path: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes all by name
    """Show what a guest with DOCUMENT is answered at PATH, or all paths; needs no agent and no root."""
    if as_json and path is not None:
        raise click.UsageError("--json is for the list of paths: an answer is printed as a guest gets it")
    vm = _tokenless(vm_in(document, read(document)))
    metadata = Metadata(vm, os.urandom(TOKEN_KEY_BYTES))
    if path is None:
        listed = list(paths(metadata))
        click.echo(json.dumps(listed, indent=1) if as_json else "\n".join(listed))
        return
    answered = _answered(metadata, path)
    if answered.status != HTTPStatus.OK:
        message = f"{path}: a guest is answered {answered.status} {HTTPStatus(answered.status).phrase}"
        raise click.ClickException(f"{message} (see 'eve-meta render {document}' for all paths)")
    sys.stdout.buffer.write(answered.body)


def _tokenless(vm: VM) -> VM:
    """The VM as a guest with a session token sees it."""
    return evolve(vm, service=evolve(vm.service, tokens=Tokens.OPTIONAL))


def _answered(metadata: Metadata, path: str) -> Answer:
    target = os.fsencode(path if path.startswith("/") else f"/{path}")
    return answer(metadata, Request(b"GET", target, {}), time.time(), os.urandom)
