"""`eve-meta agent`."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from eve_meta.cli import options
from eve_meta.cli.config_file import FILE, configuration
from eve_meta.cli.examples import examples
from eve_meta.configuration.known import SETTINGS, composed
from eve_meta.errors import SettingError
from eve_meta.limits import PREFIX, assigned
from eve_meta.settings import LOGS, Settings, address


def _setting(name: str, **attributes: Any) -> Callable[[Any], Any]:
    """The option that goes before a setting of the file."""
    setting = SETTINGS[name]
    usual = None if setting.usual == "none" else setting.usual
    help_text = f"{setting.meaning[0].upper()}{setting.meaning[1:]}."
    return click.option(f"--{name.replace('_', '-')}", show_default=usual, help=help_text, **attributes)


@click.command(
    short_help="Run the agent, which serves the VMs of this host.",
    epilog=examples(
        "eve-meta agent",
        "eve-meta agent --log json --limit requests_per_second=50",
        "eve-meta agent --config ./config.yaml --check",
    ),
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default=f"{FILE}, if it is there",
    help="The file with settings; what is given here goes before it.",
)
@_setting("state_dir", type=options.DIRECTORY)
@_setting("run_dir", type=options.DIRECTORY)
@_setting("servers", type=click.IntRange(min=1))
@_setting("user")
@_setting("group")
@_setting("log", type=click.Choice(LOGS))
@_setting("metrics", metavar="ADDRESS:PORT")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="How much one interface's guests may have of a server; see docs/configuration.md.",
)
@click.option("--check", is_flag=True, help="Only see whether it can run with these settings.")
def command(config: Path | None, limits: tuple[str, ...], check: bool, **given: Any) -> int:  # noqa: FBT001 - click passes all by name
    """Run the agent, as root and in the foreground, until SIGTERM or SIGINT.

    What is attached stays attached when it stops, and is served again when it starts.
    """
    settings = _settings(_of_file(config), limits, given)
    if check:
        return 0
    code: int = importlib.import_module("eve_meta.agent.start").run(settings)
    return code


def _of_file(config: Path | None) -> Mapping[str, object]:
    said = configuration(config)
    if said.problems:
        file = config or FILE
        first, *others = said.complaints(file)
        hint = f" (and {len(others)} more: see 'eve-meta check-config {file}')" if others else ""
        raise click.ClickException(first + hint)
    return said.values


def _settings(of_file: Mapping[str, object], limits: tuple[str, ...], given: Mapping[str, Any]) -> Settings:
    try:
        own = {name: _value(name, value) for name, value in given.items() if value is not None}
        return composed({**of_file, **own, **{PREFIX + name: it for name, it in assigned(limits).items()}})
    except SettingError as error:
        raise click.ClickException(str(error)) from error


def _value(name: str, value: Any) -> object:
    """What an option gives, as the setting has it."""
    if isinstance(value, Path):
        return value.absolute()
    return address(value) if name == "metrics" else value
