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
_TAB = "\t"
_BEGIN, _END = "\x01", "\x05"


@frozen
class Shell:
    """A shell with what it needs to complete.

    Attributes:
        command: starts it, without the user's settings.
        ready: typed first.
        key: puts into the line what completes it.
    """

    name: str
    command: tuple[str, ...]
    ready: str
    key: str


BASH = Shell("bash", ("bash", "--norc", "--noprofile", "-i"), "source {script}", "\x1b*")
"""The key is readline's insert-completions: all of them are put in."""

ZSH = Shell("zsh", ("zsh", "-f", "-i"), "autoload -Uz compinit; compinit -u -D; source {script}", _TAB)


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
    typed = f"{shell.ready.format(script=script)}\n{line}{shell.key}{_BEGIN}echo @'{_END}'\nexit\n"
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
