"""`eve-meta check-config`."""

import json
from pathlib import Path

import click

from eve_meta.cli.config_file import FILE, configuration
from eve_meta.cli.examples import examples
from eve_meta.cli.table import aligned
from eve_meta.configuration.known import composed, flat, plain, shown
from eve_meta.configuration.said import Configuration

TITLES = ("SETTING", "VALUE", "FROM")


@click.command(
    short_help="See whether the agent's configuration file is right.",
    epilog=examples(
        "eve-meta check-config",
        "eve-meta check-config ./config.yaml",
        "eve-meta check-config --json | jq -r '.settings[] | select(.from == \"file\") | .name'",
    ),
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path | None, as_json: bool) -> int:  # noqa: FBT001 - click passes all by name
    """See whether FILE, /etc/eve-meta/config.yaml if not given, is right, and what each setting is with it.

    All that is wrong is told, a line for each. An agent that runs goes on with what it has read: it reads
    the file at a start, and when it is reloaded.
    """
    said, name = configuration(file), file or FILE
    if as_json:
        click.echo(json.dumps(_plain(said, name), indent=1))
    elif not said.problems:
        click.echo("\n".join(aligned([TITLES, *_rows(said)])))
        click.echo(f"{name}: is right" if name.exists() else f"{name}: is not there, so all is as by default")
    else:
        for each in said.complaints(name):
            click.echo(f"eve-meta: {each}", err=True)
    return int(bool(said.problems))


def _rows(said: Configuration) -> list[tuple[str, str, str]]:
    return [(name, shown(value), _origin(said, name)) for name, value in flat(composed(said.values)).items()]


def _origin(said: Configuration, name: str) -> str:
    if name not in said.values:
        return "default"
    return f"line {said.lines[name]}" if name in said.lines else "the file"


def _plain(said: Configuration, file: Path) -> dict[str, object]:
    """What the file says, as a program reads it; the settings are there only if it is right."""
    problems = [
        {"setting": each.name, "reason": each.reason, "line": said.lines.get(each.name)}
        for each in said.problems
    ]
    settings = [
        {
            "name": name,
            "value": plain(value),
            "from": "file" if name in said.values else "default",
            "line": said.lines.get(name),
        }
        for name, value in ({} if problems else flat(composed(said.values))).items()
    ]
    return {"file": str(file), "problems": problems, "settings": settings}
