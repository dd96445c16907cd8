"""`eve-meta detach`."""

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
@options.run_dir
def command(interfaces: tuple[str, ...], uuid: UUID | None, run_dir: Path) -> int:
    """Serve nothing at INTERFACES any more, and remove all that was made for them.

    Of many, one that is refused does not stop the others.
    """
    client = Client(run_dir)
    if len(interfaces) == 1:
        is_detached = client.detach(interfaces[0], uuid)
        click.echo(_line(interfaces[0], uuid, is_detached=is_detached))
        return 0
    return _detach_many(client, interfaces, uuid)


def _detach_many(client: Client, interfaces: tuple[str, ...], uuid: UUID | None) -> int:
    jobs = (Job(each, partial(client.ask_to_detach, each, uuid)) for each in interfaces)
    with telling("detached", len(interfaces), in_json=False) as told:
        for job, question in answered(jobs, AT_ONCE):
            try:
                is_detached = bool(question.answer()["detached"])
            except RefusedError as error:
                told.refused((job.subject,), error)
            else:
                told.done(_end(is_detached=is_detached), _line(job.subject, uuid, is_detached=is_detached))
    return told.exit_code


def _end(*, is_detached: bool) -> str:
    return "detached" if is_detached else "not attached"


def _line(interface: str, uuid: UUID | None, *, is_detached: bool) -> str:
    to = f" to {uuid}" if uuid else ""
    return f"{interface}: detached" if is_detached else f"{interface}: was not attached{to}"
