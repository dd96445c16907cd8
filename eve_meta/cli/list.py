"""`eve-meta list`."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client
from eve_meta.cli.examples import examples
from eve_meta.cli.table import aligned

TITLES = ("INTERFACE", "STATE", "REVISION", "UUID", "NAME", "WHY")


@click.command(
    short_help="Show all attached interfaces.",
    epilog=examples(
        "eve-meta list",
        "eve-meta list --json | jq -r '.interfaces[] | select(.state != \"open\") | .interface'",
    ),
)
@options.as_json
@options.run_dir
def command(as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show all attached interfaces, and what is not served although it should be."""
    answer = Client(run_dir).list()
    if as_json:
        click.echo(json.dumps(answer, indent=1))
        return
    if answer["interfaces"]:
        rows = [TITLES, *map(_row, answer["interfaces"])]
        click.echo("\n".join(aligned(rows, TITLES.index("STATE"))))
    for problem in answer["problems"]:
        click.echo(f"eve-meta: {problem}", err=True)


def _row(status: Mapping[str, object]) -> tuple[str, ...]:
    shown = ("interface", "state", "revision", "uuid", "name", "reason")
    return tuple("" if status[field] is None else str(status[field]) for field in shown)
