"""What a user names as the source of a document: a drive, a domain's XML or nova's files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
from attrs import evolve

from eve_meta.cli.drives import MAX_NAMES, Directory, Drive
from eve_meta.cli.source import STDIN, directory_of, read_bounded, shown
from eve_meta.contact import BODY_MAX_BYTES
from eve_meta.document import inline, parse
from eve_meta.errors import DocumentError
from eve_meta.hooks.volumes import FAT, HEAD_BYTES, ISO9660, kind_of
from eve_meta.imports import kinds, openstack
from eve_meta.imports.domain import domain
from eve_meta.imports.place import Imported, SourceError, printable

_SHOWN_NAMES = 8
_UNKNOWN = "is neither a directory, an ISO 9660 image, a domain in libvirt's XML nor meta_data.json"


def document_of(source: str, uuid: UUID | None, network_data: str | None = None) -> dict[str, object]:
    """The document that a source makes, complete; notes are told on standard error.

    Raises:
        click.ClickException: it makes none, in words that name it.
    """
    with _blamed(source):
        made = _imported(source, uuid, network_data)
        document = inline(made.document, lambda name: read_bounded(directory_of(source) / name))
        parse(document)
    for note in made.notes:
        click.echo(f"eve-meta: note: {note}", err=True)
    return dict(document) if isinstance(document, dict) else {}


@contextmanager
def _blamed(source: str) -> Iterator[None]:
    try:
        yield
    except (SourceError, DocumentError) as error:
        raise click.ClickException(f"{shown(source)}: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or shown(source)}: {error.strerror}") from error


def _imported(source: str, uuid: UUID | None, network_data: str | None) -> Imported:
    if Path(source).is_dir():
        _refuse_second(network_data)
        return _of_drive(Directory(Path(source)), uuid)
    if source == STDIN:
        return _of_file(sys.stdin.buffer, source, uuid, network_data)
    with Path(source).open("rb") as file:
        return _of_file(file, source, uuid, network_data)


def _of_file(file: BinaryIO, source: str, uuid: UUID | None, network_data: str | None) -> Imported:
    head = file.read(HEAD_BYTES)
    kind, is_xml = kind_of(head), head.lstrip().startswith(b"<")
    if kind == FAT:
        raise SourceError("", "", "is a FAT image: mount it (mount -o ro,loop …) and give the directory")
    if kind == ISO9660 or is_xml:
        _refuse_second(network_data)
    if kind == ISO9660:
        from eve_meta.cli.iso import Image  # noqa: PLC0415 - brings pycdlib along

        return _of_drive(Image.opened(file), uuid)
    text = head + file.read(BODY_MAX_BYTES + 1 - len(head))
    if len(text) > BODY_MAX_BYTES:
        raise SourceError("", "", f"is longer than {BODY_MAX_BYTES} bytes")
    if is_xml:
        return domain(text, uuid)
    return _of_nova(text, source, uuid, network_data)


def _of_nova(text: bytes, source: str, uuid: UUID | None, network_data: str | None) -> Imported:
    """meta_data.json by itself, with what else is beside it by its usual name."""
    if not text.lstrip().startswith(b"{"):
        raise SourceError("", "", _UNKNOWN)
    files = {openstack.META_DATA: text}
    if Path(source).name == openstack.META_DATA:
        beside = Directory(Path(source).parent)
        names = [each for each in openstack.NAMES if (Path(source).parent / each).exists()]
        files = dict(_read(beside, names)) | files
    if network_data is not None:
        files[openstack.NETWORK_DATA] = read_bounded(Path(network_data))
    return openstack.openstack(files, uuid, directory="")


def _of_drive(drive: Drive, uuid: UUID | None) -> Imported:
    names = list(islice(drive.names(), MAX_NAMES + 1))
    if len(names) > MAX_NAMES:
        raise SourceError("", "", f"holds more than {MAX_NAMES} files")
    kind = kinds.kind_of(names)
    made = kind.read(dict(_read(drive, filter(kind.is_wanted, names))), uuid)
    others = [each for each in names if not kind.is_wanted(each) and not kind.is_known(each)]
    return evolve(made, notes=(*made.notes, *_of_others(others)))


def _read(drive: Drive, names: Iterator[str] | list[str]) -> Iterator[tuple[str, bytes]]:
    """The files, as long as all of them together can be sent."""
    left = BODY_MAX_BYTES
    for name in names:
        content = drive.read(name, left)
        left -= len(content)
        if left < 0:
            raise SourceError(name, "", f"with it there are more than {BODY_MAX_BYTES} bytes")
        yield name, content


def _of_others(names: list[str]) -> Iterator[str]:
    for each in names[:_SHOWN_NAMES]:
        yield f"{printable(each)}: is no file that guests are told of: left out"
    if len(names) > _SHOWN_NAMES:
        yield f"and {len(names) - _SHOWN_NAMES} more such files"


def _refuse_second(network_data: str | None) -> None:
    if network_data is not None:
        raise click.UsageError("a second file goes with meta_data.json alone")
