"""`eve-meta reports`."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from eve_meta.cli import guest_text, options
from eve_meta.cli.client import Client
from eve_meta.cli.examples import examples
from eve_meta.cli.table import aligned
from eve_meta.reports import REPORTS
from eve_meta.story import duration

TITLES = ("KIND", "BYTES", "LAST")


@click.command(
    short_help="Show what a guest has reported of itself.",
    epilog=examples("eve-meta reports tap0", "eve-meta reports tap0 kubeconfig > web.kubeconfig"),
)
@options.interface
@click.argument("kind", required=False, type=click.Choice(tuple(REPORTS)))
@options.as_json
@options.run_dir
def command(interface: str, kind: str | None, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show what the guest behind INTERFACE has reported, or its last report of some KIND as it was sent."""
    if as_json and kind:
        raise click.UsageError("--json is for the list: a report is printed as the guest has sent it")
    client = Client(run_dir)
    if kind:
        _show(client.report(interface, kind))
        return
    told = client.reports(interface)
    if as_json:
        click.echo(json.dumps(told, indent=1))
    elif told["reports"]:
        click.echo("\n".join(aligned([TITLES, *map(_row, told["reports"])])))
    else:
        click.echo(f"eve-meta: {interface}: the guest has reported nothing", err=True)


def _show(report: bytes) -> None:
    if sys.stdout.isatty():
        click.echo(guest_text.shown(report.decode(errors="replace")))
    else:
        sys.stdout.buffer.write(report)


def _row(report: Any) -> tuple[str, ...]:
    return report["kind"], str(report["bytes"]), f"{duration(time.time() - report['at'])} ago"
