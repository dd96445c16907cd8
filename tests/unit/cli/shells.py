"""Real shells on a terminal, at which somebody types the beginning of a command and presses a key."""

import io
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from tests.support import need_programs
from tests.unit.cli.commands import ENVIRONMENT, PYTHON

_SECONDS = 60
_BEGIN, _END, _CONTROL_T = "\x01", "\x05", "\x14"


@frozen
class Shell:
    """A shell with what it needs to complete.

    Attributes:
        command: starts it, without the user's settings.
        ready: typed first, with the script in the place of SCRIPT.
        keys: put into the line what completes it, print the line behind an `@`, and end.
    """

    name: str
    command: tuple[str, ...]
    ready: str
    keys: str


BASH = Shell(
    "bash",
    ("bash", "--norc", "--noprofile", "-i"),
    "source SCRIPT",
    f"\x1b*{_BEGIN}echo @'{_END}'\nexit\n",
)
"""The first key is readline's insert-completions: all of them are put in."""

_WIDGET = (
    r"told() { zle expand-or-complete; print -r $'\n'@$BUFFER; BUFFER=exit; zle accept-line; }; "
    "zle -N told; bindkey '^T' told"
)
ZSH = Shell(
    "zsh",
    ("zsh", "-f", "-i"),
    f"autoload -Uz compinit; compinit -u -D; source SCRIPT; {_WIDGET}",
    _CONTROL_T,
)
"""Nothing is typed behind the key: what is, while zsh completes, may be lost."""


def completed(shell: Shell, line: str, directory: Path) -> str:
    """A line that was typed, and completed.

    Args:
        shell: one that knows `eve-meta completion`.
        line: the beginning of a command.
        directory: the working directory, where `bin` is made.
    """
    need_programs(shell.name)
    script = directory / "bin" / f"eve-meta.{shell.name}"
    environment = _with_eve_meta(script.parent)
    said = subprocess.check_output(["eve-meta", "completion", shell.name], env=environment)
    script.write_bytes(said)
    typed = f"{shell.ready.replace('SCRIPT', str(script))}\n{line}{shell.keys}"
    shown = _typed(shell.command, typed, environment, directory)
    (printed,) = re.findall(r"^@(.*?)\r?$", shown, re.MULTILINE) or [shown]
    return " ".join(printed.split())


def fish_completions(line: str, directory: Path) -> list[str]:
    """What fish offers for a line."""
    need_programs("fish")
    command = ["fish", "--no-config", "-c", 'eve-meta completion fish | source; complete -C "$argv[1]"', line]
    environment = _with_eve_meta(directory / "bin")
    return subprocess.check_output(command, env=environment, cwd=directory, text=True).splitlines()


def _with_eve_meta(directory: Path) -> dict[str, str]:
    """An environment in which `eve-meta` is the one that is tested."""
    directory.mkdir(exist_ok=True)
    program = directory / "eve-meta"
    program.write_text(f'#!/bin/sh\nexec {" ".join(PYTHON)} -m eve_meta "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = f"{directory}:{ENVIRONMENT['PATH']}"
    return ENVIRONMENT | {"PATH": path, "HOME": str(directory), "TERM": "dumb", "COLUMNS": "500"}


def _typed(command: tuple[str, ...], text: str, environment: dict[str, str], directory: Path) -> str:
    """What a terminal shows after a text was typed at a program there, which then ends."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        cwd=directory,
        start_new_session=True,
    )
    os.close(theirs)
    with open(ours, "r+b", buffering=0) as terminal:  # noqa: PTH123 - a descriptor
        terminal.write(text.encode())
        shown = b"".join(_read(terminal))
    process.wait(_SECONDS)
    return shown.decode()


def _read(terminal: io.FileIO) -> Iterator[bytes]:
    """What is shown, until nobody has the other side any more."""
    with suppress(OSError):
        while said := terminal.read(65536):
            yield said
