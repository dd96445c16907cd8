"""Documents read here rather than by the agent, and what is wrong with them told with their name."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from eve_meta.canonical import canonical
from eve_meta.cli.source import directory_of, read_bounded, shown
from eve_meta.document import inline, parse
from eve_meta.document.notation import load
from eve_meta.errors import DocumentError
from eve_meta.hooks.filling import filled
from eve_meta.hooks.machine import Machine
from eve_meta.vm import VM


def vm_in(name: str, text: bytes) -> VM:
    """The VM that a document describes.

    Raises:
        click.ClickException: it describes none.
    """
    with _blamed(name):
        return parse(_inlined(name, text))


def vm_and_text(name: str, text: bytes) -> tuple[VM, bytes]:
    """The VM that a document describes, and the document as JSON with the content of the files it names.

    Raises:
        click.ClickException: it describes none, or a file cannot be read.
    """
    with _blamed(name):
        whole = _inlined(name, text)
        return parse(whole), canonical(whole)


def with_its_files(name: str, text: bytes) -> bytes:
    """The document, as JSON, with the content of the files it names.

    Raises:
        click.ClickException: it is not plain data, or a file cannot be read.
    """
    with _blamed(name):
        return canonical(_inlined(name, text))


def filled_in(name: str, text: bytes, machine: Machine) -> bytes:
    """The same with what is known of the VM where the document is silent.

    Raises:
        click.ClickException: it is not plain data, or another VM's, or a file cannot be read.
    """
    with _blamed(name):
        return canonical(filled(_inlined(name, text), machine))


def _inlined(name: str, text: bytes) -> object:
    directory = directory_of(name)
    return inline(load(text), lambda file: read_bounded(directory / file))


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    try:
        yield
    except DocumentError as error:
        raise click.ClickException(f"{shown(name)}: {error}") from error
