"""`eve-meta`, the command: which verbs there are, and how their failures are told.

A verb's module is imported only when the verb is used: a hook runs `attach` in a VM's start.
"""

import gc
import importlib
import os
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

import click

from eve_meta.cli.examples import examples

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Serve VMs": ("attach", "update", "detach", "hook"),
    "See what is served, and asked": ("list", "show", "timeline", "events", "watch", "password", "reports"),
    "Find out what is wrong": ("doctor", "probe"),
    "Work on documents": ("render", "import"),
    "Run the agent": ("agent", "check-config"),
    "In a shell": ("completion",),
}
"""The verbs, as the help shows them."""

VERBS = tuple(chain.from_iterable(SECTIONS.values()))

FAILED = 1
MISUSED = 2


class Verbs(click.Group):
    """The verbs, each `command` in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of their sections."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is asked for."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"eve_meta.cli.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, but a verb that is mistyped is told with the one that may be meant."""
        if args[0] not in VERBS:
            near = importlib.import_module("difflib").get_close_matches(args[0], VERBS, 1)
            ctx.fail(f"No such command '{args[0]}'" + "".join(f": did you mean '{it}'?" for it in near))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click, but by section."""
        width = max(map(len, VERBS))
        for title, verbs in SECTIONS.items():
            commands = [(verb.ljust(width), self.get_command(ctx, verb)) for verb in verbs]
            with formatter.section(title):
                formatter.write_dl(
                    [(name, command.short_help or "") for name, command in commands if command]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Offer the verbs by name alone: what each does would take an import of all, three times as long."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for who presses TAB alone

        verbs = [CompletionItem(verb) for verb in VERBS if verb.startswith(incomplete)]
        return verbs or click.Command.shell_complete(self, ctx, incomplete)


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


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "eve-meta render web.yaml         what a guest with this document will be told",
        "eve-meta attach tap0 web.yaml    have the guest behind tap0 told so",
        "eve-meta show tap0               whether it is, and what the guest has asked",
    ),
)
@click.option(
    "--version", is_flag=True, is_eager=True, callback=_print_version, help="Show the version and exit."
)
def eve_meta(**_options: object) -> None:
    """Cloud metadata for the VMs of this host, told apart by the interface they ask from.

    'eve-meta COMMAND --help' has examples of each. Exit codes: 0 done, 1 failed, 2 wrong usage.
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
        return eve_meta.main(prog_name="eve-meta", standalone_mode=False, color=_colour()) or 0
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


def _colour() -> bool | None:
    """None: where it is seen. Source: https://no-color.org."""
    return False if os.environ.get("NO_COLOR") else None


def _told(message: str, code: int) -> int:
    click.echo(f"eve-meta: {' '.join(message.split())}", err=True)
    return code
