"""Where the files of a source are: in a directory; in an image, see `iso`. Both may be a stranger's work."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from eve_meta.imports.place import SourceError

MAX_NAMES = 4096
"""Of files that are looked at: a config drive has some dozens."""

_MAX_DEPTH = 4
"""Directories below each other; `openstack/latest` has two."""


class Drive(Protocol):
    """Files by their names below the top, with slashes."""

    def names(self) -> Iterator[str]:
        """Of all files; whoever asks stops when there are too many."""

    def read(self, name: str, most: int) -> bytes:
        """What is in a file, or one byte more than `most` of it.

        Raises:
            SourceError: it cannot be read.
        """


class Directory:
    """Files in a directory. No link is followed: a drive's maker could name a file of the host by one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Iterator[str]:
        """As `Drive`; links are named, too."""
        for directory, below, files in os.walk(self._path, onerror=_refuse):
            inside = Path(directory).relative_to(self._path)
            below[:] = [] if len(inside.parts) >= _MAX_DEPTH else sorted(below)
            links = [each for each in below if (Path(directory) / each).is_symlink()]
            yield from (str(inside / each) for each in sorted([*files, *links]))

    def read(self, name: str, most: int) -> bytes:
        """As `Drive`; a pipe or a device makes nobody wait."""
        path = self._path
        for part in Path(name).parts[:-1]:
            path /= part
            if path.is_symlink():
                raise SourceError(name, "", "is behind a symbolic link, which is not followed")
        try:
            descriptor = os.open(self._path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise SourceError(name, "", "is no regular file")
                return file.read(most + 1)
        except OSError as error:
            is_link = error.errno == errno.ELOOP  # open(2), O_NOFOLLOW
            reason = "is a symbolic link, which is not followed" if is_link else error.strerror
            raise SourceError(name, "", str(reason)) from error


def _refuse(error: OSError) -> None:
    raise SourceError("", "", error.strerror or "cannot be listed") from error
