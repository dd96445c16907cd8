"""`eve-meta detach`."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client, RefusedError
from eve_meta.cli.examples import examples
from eve_meta.cli.many import AT_ONCE, Job, answered
from eve_meta.cli.telling import telling


@click.command(
    short_help="Serve nothing at an interface any more.",
    epilog=examples(
        "eve-meta detach tap0",
        "eve-meta detach tap0 tap1",
        "eve-meta detach tap0 --uuid 6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11",
    ),
)
@options.interfaces
@click.option("--uuid", type=click.UUID, help="Only if it is the VM with this UUID that is served there.")
@options.as_json
@options.run_dir
def command(interfaces: tuple[str, ...], uuid: UUID | None, as_json: bool, run_dir: Path) -> int:  # noqa: FBT001 - click passes all by name
    """Serve nothing at INTERFACES any more, and remove all that was made for them.

    Of many, one that is refused does not stop the others.
    """
    client = Client(run_dir)
    if len(interfaces) == 1:
        answer = client.ask_to_detach(interfaces[0], uuid).answer()
        click.echo(json.dumps(answer) if as_json else _line(interfaces[0], uuid, answer))
        return 0
    return _detach_many(client, interfaces, uuid, in_json=as_json)


def _detach_many(client: Client, interfaces: tuple[str, ...], uuid: UUID | None, *, in_json: bool) -> int:
    jobs = (Job(each, partial(client.ask_to_detach, each, uuid)) for each in interfaces)
    with telling("detached", len(interfaces), in_json=in_json) as told:
        for job, question in answered(jobs, AT_ONCE):
            try:
                answer = question.answer()
            except RefusedError as error:
                told.refused((job.subject,), error)
            else:
                end = "detached" if answer["detached"] else "not attached"
                told.done(end, _line(job.subject, uuid, answer), answer)
    return told.exit_code


def _line(interface: str, uuid: UUID | None, answer: Mapping[str, object]) -> str:
    to = f" to {uuid}" if uuid else ""
    return f"{interface}: detached" if answer["detached"] else f"{interface}: was not attached{to}"
