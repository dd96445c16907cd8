"""The text that a user names as a document: a file, or standard input."""

import sys
from pathlib import Path

import click

from eve_meta.contact import BODY_MAX_BYTES

STDIN = "-"


def shown(name: str) -> str:
    """A document's name in a message."""
    return "standard input" if name == STDIN else name


def directory_of(name: str) -> Path:
    """Where the files that a document names are sought."""
    return Path() if name == STDIN else Path(name).parent


def read(name: str) -> bytes:
    """The text.

    Raises:
        click.ClickException: there is none, in words that name it.
    """
    try:
        content = sys.stdin.buffer.read(BODY_MAX_BYTES + 1) if name == STDIN else read_bounded(Path(name))
    except OSError as error:
        raise click.ClickException(f"{shown(name)}: {error.strerror}") from error
    if len(content) > BODY_MAX_BYTES:
        raise click.ClickException(f"{shown(name)}: is longer than {BODY_MAX_BYTES} bytes")
    return content


def read_bounded(path: Path) -> bytes:
    """A file's content; of one too long to be sent, enough to see that it is."""
    with path.open("rb") as file:
        return file.read(BODY_MAX_BYTES + 1)
