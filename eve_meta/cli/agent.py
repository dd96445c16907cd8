"""`eve-meta agent`."""

import importlib
from pathlib import Path
from typing import Any

import click

from eve_meta.cli import options
from eve_meta.contact import RUN_DIR
from eve_meta.limits import LimitError, changed
from eve_meta.settings import STATE_DIR, USER, SettingError, Settings, address, usable_cpus


@click.command(short_help="Run the agent, which serves the VMs of this host.")
@click.option(
    "--state-dir",
    type=options.DIRECTORY,
    default=STATE_DIR,
    show_default=True,
    help="Where documents are kept.",
)
@click.option(
    "--run-dir",
    type=options.DIRECTORY,
    default=RUN_DIR,
    show_default=True,
    help="Where the control socket is made.",
)
@click.option(
    "--servers",
    type=click.IntRange(min=1),
    default=usable_cpus,
    show_default="one per CPU",
    help="How many processes answer guests.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="How much one interface's guests may have of a server; see docs/operating.md.",
)
@click.option("--user", default=USER, show_default=True, help="The account those processes run as.")
@click.option(
    "--log",
    type=click.Choice(("lines", "json")),
    default="lines",
    show_default=True,
    help="How events are written to standard error.",
)
@click.option(
    "--metrics",
    metavar="ADDRESS:PORT",
    help="Where metrics are told for Prometheus, besides the control socket; 127.0.0.1:9188 for instance.",
)
@click.option("--group", help="A group whose members may ask the agent, besides root.")
def command(
    state_dir: Path, run_dir: Path, limits: tuple[str, ...], metrics: str | None, **others: Any
) -> int:
    """Run the agent, as root and in the foreground, until SIGTERM or SIGINT.

    What is attached stays attached when it stops, and is served again when it starts.

    Example: eve-meta agent --state-dir /var/lib/eve-meta --servers 2
    """
    try:
        settings = Settings(
            state_dir=state_dir.absolute(),
            run_dir=run_dir.absolute(),
            limits=changed(limits),
            metrics=None if metrics is None else address(metrics),
            **others,
        )
    except (SettingError, LimitError) as error:
        raise click.ClickException(str(error)) from error
    code: int = importlib.import_module("eve_meta.agent.start").run(settings)
    return code
