"""`eve-meta doctor`."""

import json
from pathlib import Path

import click

from eve_meta.accesses import Accesses
from eve_meta.cli import completing, options
from eve_meta.cli.accesses import accesses_in
from eve_meta.cli.client import Client
from eve_meta.cli.config_file import FILE, configuration
from eve_meta.cli.examples import examples
from eve_meta.configuration.said import Configuration
from eve_meta.diagnosis.examination import examination
from eve_meta.diagnosis.finding import Finding, Level
from eve_meta.diagnosis.told import Told
from eve_meta.settings import STATE_DIR

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command(
    short_help="Find out what is wrong with the host or an interface.",
    epilog=examples(
        "eve-meta doctor",
        "eve-meta doctor tap0",
        "eve-meta doctor tap0 --json | jq -r '.[] | select(.level == \"FAIL\") | .remedy'",
    ),
)
@click.argument("interface", required=False, shell_complete=completing.attached)
@click.option("--json", "as_json", is_flag=True, help="Print an array of findings, for programs.")
@click.option(
    "--state-dir",
    type=options.DIRECTORY,
    show_default=f"what {FILE} says, or {STATE_DIR}",
    help="Where the agent keeps documents.",
)
@options.run_dir
def command(interface: str | None, *, as_json: bool, state_dir: Path | None, run_dir: Path) -> int:
    """Look at the host, and at the way of a guest's question at INTERFACE, and ask there as the guest would.

    Prints a line for each thing: ok, warn or FAIL, and what to do. Exits with 1 if anything fails.
    """
    said, complaints = _configuration()
    kept = state_dir or Path(str(said.values.get("state_dir", STATE_DIR)))
    found = examination(interface, _told(Client(run_dir), interface), kept, complaints)
    if as_json:
        told = list(found)
        click.echo(json.dumps([_plain(each) for each in told], indent=1))
    else:
        told = list(map(_tell, found))
    return int(any(each.is_failed for each in told))


def _configuration() -> tuple[Configuration, list[str]]:
    """What the agent's file says, and what is wrong with that."""
    try:
        said = configuration(None)
    except click.ClickException as error:
        return Configuration(), [error.format_message()]
    return said, said.complaints(FILE)


def _told(client: Client, interface: str | None) -> Told:
    try:
        answer = client.list()
    except click.ClickException as error:
        return Told(silence=error.format_message())
    accesses = None if interface is None else _accesses(client, interface)
    return Told(statuses=answer["interfaces"], problems=answer["problems"], accesses=accesses)


def _accesses(client: Client, interface: str) -> Accesses | None:
    try:
        return accesses_in(client.requests(interface))
    except click.ClickException:
        return None


def _tell(finding: Finding) -> Finding:
    """At once: the next may take seconds."""
    level = click.style(f"{finding.level.value:4}", fg=_COLOURS[finding.level], bold=finding.is_failed)
    click.echo(f"{level}  {finding}")
    return finding


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "level": finding.level.value,
        "message": finding.message,
        "remedy": finding.remedy,
    }
