"""Files that are whole after any crash: each is written beside its place, then moved into it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eve_meta.errors import StorageError

DIRECTORY_MODE = 0o700
TEMPORARY_SUFFIX = ".tmp"
DAMAGED_SUFFIX = ".damaged"


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a path into our own error."""
    try:
        yield
    except OSError as error:
        raise StorageError(str(path), error.strerror or str(error)) from error


def make_directory(directory: Path) -> None:
    """Make a directory for our eyes only, or make it so; the one that it is in too, if it is not there yet.

    Raises:
        StorageError: it cannot be made or is not a directory.
    """
    with translated(directory):
        directory.parent.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            directory.parent.mkdir(mode=DIRECTORY_MODE)
        directory.mkdir(exist_ok=True, mode=DIRECTORY_MODE)
        directory.chmod(DIRECTORY_MODE)


def write(path: Path, content: bytes, *, is_synced: bool = True) -> None:
    """Put content in a path at one instant; only its owner may read it.

    Args:
        path: a file, were there none yet.
        content: of it.
        is_synced: whether to wait until a failure of power does not take it back.

    Raises:
        StorageError: the path holds what it held before.
    """
    with translated(path):
        temporary = _written_beside(path, content, is_synced=is_synced)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
        if is_synced:
            _sync_directory(path.parent)


def remove(path: Path) -> None:
    """Take a file away; it may be gone already.

    Raises:
        StorageError: it may still be there after a crash.
    """
    with translated(path):
        path.unlink(missing_ok=True)
        _sync_directory(path.parent)


def set_aside(path: Path) -> Path:
    """Rename a file so that it is not read again, and say to what.

    Raises:
        StorageError: it is where it was.
    """
    aside = path.with_name(path.name + DAMAGED_SUFFIX)
    with translated(path):
        path.replace(aside)
        _sync_directory(path.parent)
    return aside


def sweep(directory: Path) -> None:
    """Remove what writes that were cut short have left; what cannot be removed stays."""
    for leftover in directory.glob(f"*{TEMPORARY_SUFFIX}"):
        with suppress(OSError):
            leftover.unlink()


def _written_beside(path: Path, content: bytes, *, is_synced: bool) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=TEMPORARY_SUFFIX, dir=path.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            file.write(content)
            file.flush()
            if is_synced:
                os.fsync(descriptor)
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
