"""The configuration file, for the verbs that read it."""

from pathlib import Path

import click

from eve_meta.cli.source import read_bounded
from eve_meta.configuration.said import Configuration

FILE = Path("/etc/eve-meta/config.yaml")
"""Read if it is there."""


def configuration(named: Path | None) -> Configuration:
    """What the file says that is named, or else `FILE`, which need not be there.

    Raises:
        click.ClickException: it cannot be read.
    """
    file = named or FILE
    try:
        text = read_bounded(file)
    except OSError as error:
        if named is None and isinstance(error, FileNotFoundError):
            return Configuration()
        raise click.ClickException(f"{file}: {error.strerror}") from error
    if not _says_something(text):
        return Configuration()
    from eve_meta.configuration.reading import read  # noqa: PLC0415 - PyYAML, for which guests would wait

    return read(text)


def _says_something(text: bytes) -> bool:
    """Whether there is more in it than comments, as in the file that is installed."""
    return any(line.strip() and not line.lstrip().startswith(b"#") for line in text.splitlines())
