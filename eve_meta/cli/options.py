"""Arguments and options that several verbs take."""

from pathlib import Path

import click

from eve_meta.cli import completing
from eve_meta.contact import RUN_DIR

DIRECTORY = click.Path(file_okay=False, path_type=Path)


def _not_empty(_context: click.Context, _argument: click.Parameter, value: str) -> str:
    if not value:
        raise click.BadParameter("is empty")
    return value


def _none_empty(
    context: click.Context, argument: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(_not_empty(context, argument, each) for each in values)


run_dir = click.option(
    "--run-dir",
    type=DIRECTORY,
    default=RUN_DIR,
    show_default=True,
    envvar="EVE_META_RUN_DIR",
    show_envvar=True,
    help="Where the agent's control socket is.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print what the agent answered, for programs.")
interface = click.argument("interface", callback=_not_empty, shell_complete=completing.attached)
interfaces = click.argument(
    "interfaces", nargs=-1, required=True, callback=_none_empty, shell_complete=completing.attached
)
document = click.argument("document", shell_complete=completing.files)
