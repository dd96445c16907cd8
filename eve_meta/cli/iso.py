"""Files in an ISO 9660 image, which may be a stranger's work."""

from collections.abc import Iterator
from typing import BinaryIO, Self

from pycdlib import PyCdlib

from eve_meta.imports.place import SourceError

_MAX_BYTES = 64 * 1024 * 1024
"""Of an image, as nova makes its config drives."""


class Image:
    """By Rock Ridge or Joliet names, else by its own as Linux shows them. The file has to stay open."""

    def __init__(self, way: str, iso: PyCdlib) -> None:
        self._way = way
        self._iso = iso
        self._paths = dict(_paths(iso, way))

    @classmethod
    def opened(cls, file: BinaryIO) -> Self:
        """The image that a file holds.

        Raises:
            SourceError: it is damaged, or too large.
        """
        if file.seek(0, 2) > _MAX_BYTES:
            raise SourceError("", "", f"is larger than {_MAX_BYTES} bytes: mount it and give the directory")
        iso = PyCdlib()
        try:
            iso.open_fp(file)
            return cls(_way(iso), iso)
        except Exception as error:  # whatever a damaged image does to its parser
            raise SourceError("", "", f"is a damaged ISO 9660 image: {error}") from error

    def names(self) -> Iterator[str]:
        """As `drives.Drive`."""
        return iter(self._paths)

    def read(self, name: str, most: int) -> bytes:
        """As `drives.Drive`."""
        place = {self._way: self._paths[name]}
        try:
            is_link = self._iso.get_record(**place).is_symlink()
            with self._iso.open_file_from_iso(**place) as file:
                content: bytes = file.read(most + 1)
        except Exception as error:  # the same
            raise SourceError(name, "", f"cannot be read from the image: {error}") from error
        if is_link:
            raise SourceError(name, "", "is a symbolic link, which is not followed")
        return content


def _way(iso: PyCdlib) -> str:
    """The best names there are, in pycdlib's words."""
    if iso.has_rock_ridge():
        return "rr_path"
    return "joliet_path" if iso.has_joliet() else "iso_path"


def _paths(iso: PyCdlib, way: str) -> Iterator[tuple[str, str]]:
    """The names of the files, with where each is."""
    for directory, _, files in iso.walk(**{way: "/"}):
        for each in files:
            path = f"{directory.rstrip('/')}/{each}"
            yield _shown(path) if way == "iso_path" else path.lstrip("/"), path


def _shown(path: str) -> str:
    """A name of ISO 9660 alone as Linux shows it. Source: mount(8), `map=normal`."""
    return path.lstrip("/").partition(";")[0].removesuffix(".").lower()
