"""`eve-meta completion`."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from eve_meta.cli.examples import examples

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    short_help="Print what has a shell complete commands.",
    epilog=examples("eve-meta completion bash >/usr/local/share/bash-completion/completions/eve-meta"),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script by which SHELL completes verbs, options, interfaces and files.

    It never changes, so it can be put where the shell looks for such scripts. What is offered is asked of
    eve-meta when TAB is pressed: attached interfaces of the agent, so for those who may speak to it.
    """
    completed = SHELLS[shell](context.find_root().command, {}, "eve-meta", "_EVE_META_COMPLETE")
    click.echo(completed.source().strip())
