"""What is wrong with a document, and where."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from attrs import fields, frozen
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ForbiddenExtraKeysError,
)

from eve_meta.errors import DocumentError

_SUGGESTED = 32
"""For more unknown fields in one place, nobody looks for what was meant: that takes long…"""

_SUGGESTED_CHARACTERS = 64
"""…as it does for a long one."""

Path = tuple[str | int, ...]
"""Keys of mappings and indices of lists, from the top."""


@frozen
class Problem:
    """One thing that is wrong."""

    path: Path
    reason: str


def field_of(path: Path) -> str:
    """The path as an operator writes it, `interfaces[1].mac`."""
    return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in path).removeprefix(".")


def first_error(problems: Iterable[Problem], data: object, above: Path = ()) -> DocumentError:
    """The problem that comes first in the data, which themselves stand at the path `above`."""
    places = _Places()
    first = min(problems, key=lambda problem: tuple(_positions(problem.path, data, places)))
    return DocumentError(field_of((*above, *first.path)), first.reason)


class _Places(dict[int, dict[object, int]]):
    """How far down each key of a mapping stands, counted once."""

    def of(self, mapping: dict[object, object]) -> dict[object, int]:
        """The mapping must outlive this."""
        if id(mapping) not in self:
            self[id(mapping)] = {key: place for place, key in enumerate(mapping)}
        return self[id(mapping)]


def _positions(path: Path, data: object, places: _Places) -> Iterator[int]:
    """How far down each name stands among its neighbours; what is not there comes last."""
    for name in path:
        match data:
            case dict() if name in data:
                yield places.of(data)[name]
                data = data[name]
            case list() if isinstance(name, int) and name < len(data):
                yield name
                data = data[name]
            case _:
                yield len(data) if isinstance(data, dict | list) else 0
                return


def problems_of(error: BaseException, path: Path = ()) -> Iterator[Problem]:
    """The problems that an error of cattrs stands for, below `path`."""
    here = path + _noted(error)
    match error:
        case BaseValidationError():
            for inner in error.exceptions:
                yield from problems_of(inner, here)
        case ForbiddenExtraKeysError():
            known = [field.name for field in fields(error.cl)]
            near = known if len(error.extra_fields) <= _SUGGESTED else []
            yield from (Problem((*here, name), _unknown(name, near)) for name in error.extra_fields)
        case KeyError():
            yield Problem(here, "is required")
        case _:
            yield Problem(here, str(error))


def _noted(error: BaseException) -> Path:
    """Where an error stands in what is around it."""
    notes = getattr(error, "__notes__", ())
    return tuple(note.name if isinstance(note, AttributeValidationNote) else note.index for note in notes)


def _unknown(name: str, known: list[str]) -> str:
    return f"unknown field{meant(name, known)}"


def meant(name: str, known: Iterable[str]) -> str:
    """What goes behind a complaint about a name: which of those that are known is like it, if one is."""
    near = get_close_matches(name, known, 1) if len(name) <= _SUGGESTED_CHARACTERS else ()
    return f"; did you mean '{near[0]}'?" if near else ""
