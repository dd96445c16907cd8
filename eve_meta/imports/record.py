"""A mapping of a source, from which fields are taken: what nobody has taken is told in the end."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from eve_meta.document.notation import load
from eve_meta.document.scalars import mapping, sequence
from eve_meta.errors import DocumentError
from eve_meta.imports.place import NO_PLACE, Files, Notes, Place, SourceError

T = TypeVar("T")

_NOTHING = (None, "")


class Record:
    """A mapping and where it stands. A field with nothing behind it is as if it was not there."""

    def __init__(self, place: Place, data: object) -> None:
        """Raises SourceError: the data are no mapping."""
        self.place = place
        self._left = {name: it for name, it in place.read(mapping, data).items() if it not in _NOTHING}

    def names(self) -> tuple[str, ...]:
        """The fields that have not been taken."""
        return tuple(self._left)

    def peek(self, name: str) -> object:
        """A field as it is; it stays to be taken."""
        return self._left.get(name)

    def take(self, name: str, reader: Callable[[object], T]) -> T | None:
        """A field, read; None if it is not there.

        Raises:
            SourceError: it cannot be read so.
        """
        value = self._left.pop(name, None)
        return None if value is None else self.place.at(name).read(reader, value)

    def need(self, name: str, reader: Callable[[object], T]) -> T:
        """A field, read.

        Raises:
            SourceError: it is not there, or cannot be read so.
        """
        value = self.take(name, reader)
        if value is None:
            raise self.place.at(name).error("is required")
        return value

    def record(self, name: str) -> "Record":
        """A field that is a mapping; an empty one if it is not there."""
        return Record(self.place.at(name), self._left.pop(name, {}))

    def records(self, name: str) -> Iterator["Record"]:
        """The mappings in a field that is a list."""
        for number, each in enumerate(self.take(name, sequence) or ()):
            yield Record(self.place.at(name, number), each)

    def named(self) -> Iterator["Record"]:
        """All fields, each a mapping."""
        for name in self.names():
            yield self.record(name)

    def skip(self, *names: str) -> None:
        """Take fields that say nothing."""
        for name in names:
            self._left.pop(name, None)

    def tell_rest(self, note: str = NO_PLACE) -> None:
        """Tell of each field that has not been taken."""
        for name in self.names():
            self.place.at(name).tell(note)


def loaded(files: Files, name: str) -> object:
    """The plain data in a file of YAML or JSON.

    Raises:
        SourceError: there are none.
    """
    try:
        return load(files[name])
    except DocumentError as error:
        raise SourceError(name, error.field, error.reason) from error


def record_in(files: Files, name: str, notes: Notes) -> Record:
    """The mapping in a file of YAML or JSON; an empty one if there is no such file, or nothing in it.

    Raises:
        SourceError: there is something else in it.
    """
    data = loaded(files, name) if name in files else None
    return Record(Place(name, notes), {} if data is None else data)
