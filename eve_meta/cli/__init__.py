"""`eve-meta`, the command: which verbs there are, and how their failures are told.

A verb's module is imported only when the verb is used: a hook runs `attach` in a VM's start.
"""

import gc
import importlib

import click

VERBS = (
    *("agent", "check-config", "attach", "update", "detach"),
    *("list", "show", "timeline", "watch", "events", "password", "reports"),
    *("import", "render", "hook"),
)

FAILED = 1
MISUSED = 2


class Verbs(click.Group):
    """The verbs, each `command` in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which one meets them."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is asked for."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"eve_meta.cli.{cmd_name.replace('-', '_')}").command
        return command


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted:
        click.echo(f"eve-meta {_version()}")
        context.exit()


def _version() -> str:
    metadata = importlib.import_module("importlib.metadata")
    try:
        return str(metadata.version("eve-meta"))
    except metadata.PackageNotFoundError:
        return "(not installed)"


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, callback=_print_version, help="Show the version and exit."
)
def eve_meta(**_options: object) -> None:
    """Cloud metadata for the VMs of this host, told apart by the interface they ask from.

    Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


def main() -> int:
    """Run the command that the process was started as; the exit code.

    A command ends before there is garbage worth a search: without any, the last one included, which goes
    through all that was imported, it takes a tenth less. What lasts longer turns the search on again.
    """
    gc.disable()
    try:
        return _run()
    finally:
        gc.freeze()


def _run() -> int:
    try:
        return eve_meta.main(prog_name="eve-meta", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return MISUSED
    except click.UsageError as error:
        hint = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        return _told(f"{error.format_message().rstrip('.')}{hint}", MISUSED)
    except click.ClickException as error:
        return _told(error.format_message(), FAILED)
    except click.Abort:
        return _told("interrupted", FAILED)


def _told(message: str, code: int) -> int:
    click.echo(f"eve-meta: {' '.join(message.split())}", err=True)
    return code
