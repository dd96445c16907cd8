"""Where something stands in a source, and what there is to tell of it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from attrs import define, field, frozen

from eve_meta.document.problems import Path, field_of
from eve_meta.errors import EveMetaError

T = TypeVar("T")

Files = Mapping[str, bytes]
"""What the files of a source hold, by their names below its top."""

NO_PLACE = "has no place in a document: left out"
_MAX_NOTES = 64
_MAX_CHARACTERS = 400
"""Of a note or an error: names in a source may be of any length."""


@frozen
class SourceError(EveMetaError):
    """A source that no document can be made of, and what in it is to blame.

    Attributes:
        file: its name below the source's top; empty for the source itself.
        field: as the path of a document's field; empty for the file as a whole.
    """

    file: str
    field: str
    reason: str

    def __str__(self) -> str:
        return printable(": ".join(filter(None, (self.file, self.field, self.reason))))


@define
class Notes:
    """What could not be carried over; of very many only the first."""

    _told: list[str] = field(factory=list)
    _more: int = 0

    def add(self, note: str) -> None:
        """Tell something."""
        if len(self._told) < _MAX_NOTES:
            self._told.append(printable(note))
        else:
            self._more += 1

    def told(self) -> tuple[str, ...]:
        """All of it, a line each."""
        return (*self._told, *([f"and {self._more} more of such notes"] if self._more else []))


@frozen
class Imported:
    """What came of a source.

    Attributes:
        document: plain data, which `document.parse` takes.
        notes: what is not in it, or not as it was.
    """

    document: dict[str, object]
    notes: tuple[str, ...] = ()


@frozen
class Place:
    """A field of a file, or the file as a whole."""

    file: str
    notes: Notes
    path: Path = ()

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.file, field_of(self.path))))

    def at(self, *names: str | int) -> "Place":
        """A field of this one."""
        return Place(self.file, self.notes, (*self.path, *names))

    def error(self, reason: str) -> SourceError:
        """That no document can be made of this."""
        return SourceError(self.file, field_of(self.path), reason)

    def tell(self, note: str = NO_PLACE) -> None:
        """That a document has not all of this."""
        self.notes.add(f"{self}: {note}")

    def read(self, reader: Callable[[object], T], value: object) -> T:
        """What a value stands for.

        Raises:
            SourceError: the reader raised ValueError.
        """
        try:
            return reader(value)
        except ValueError as error:
            raise self.error(str(error)) from error


def printable(text: str) -> str:
    """Text of a source for a terminal: on one line, of bounded length."""
    cut = text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…"
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)
