"""Which document goes to which interface, as the arguments of `eve-meta attach` say it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from eve_meta.cli.source import STDIN

SUFFIXES = (".yaml", ".yml", ".json")


class Pair(NamedTuple):
    """An interface and the name of its document."""

    interface: str
    document: str


def pairs_in(targets: Sequence[str]) -> list[Pair]:
    """The pairs that are named one after the other, or those of a directory, by name.

    Raises:
        click.UsageError: something is missing, or can be meant in two ways.
        click.ClickException: the directory cannot be read.
    """
    if len(targets) == 1 and Path(targets[0]).is_dir():
        pairs = _pairs_of(Path(targets[0]))
    else:
        pairs = [Pair(*each) for each in zip(targets[::2], targets[1::2], strict=False)]
        _check_number(len(targets))
    _check_interfaces(pairs)
    if [each.document for each in pairs].count(STDIN) > 1:
        raise click.UsageError("standard input can be read once, for one interface")
    return pairs


def _pairs_of(directory: Path) -> list[Pair]:
    try:
        names = sorted(os.listdir(directory))  # noqa: PTH208 - names, of which one may be no text
    except OSError as error:
        raise click.ClickException(f"{directory}: {error.strerror}") from error
    paths = [directory / name for name in names if not name.startswith(".")]
    return [Pair(path.stem, str(path)) for path in paths if path.suffix in SUFFIXES]


def _check_number(count: int) -> None:
    if count == 0 or count % 2:
        missing = "DOCUMENT" if count else "INTERFACE"
        raise click.MissingParameter(
            ctx=click.get_current_context(), param_hint=f"'{missing}'", param_type="argument"
        )


def _check_interfaces(pairs: Sequence[Pair]) -> None:
    documents: dict[str, str] = {}
    for interface, document in pairs:
        if not interface:
            raise click.BadParameter("is empty", click.get_current_context(), param_hint="'INTERFACE'")
        if interface in documents:
            message = f"{interface} is given twice: with {documents[interface]} and with {document}"
            raise click.UsageError(message, click.get_current_context())
        documents[interface] = document
