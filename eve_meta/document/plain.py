"""Plain data: what YAML and JSON have in common, of bounded depth and size.

YAML can repeat a part by an alias, so a short text may stand for a document of any size: data are measured as
they would be written out.
"""

from collections.abc import Iterator
from math import isfinite

from eve_meta.document.problems import Path, field_of
from eve_meta.errors import DocumentError

MAX_DEPTH = 32
MAX_WEIGHT = 8 * 1024 * 1024
"""In characters, with some more for each value: twice the largest document."""

MAX_VALUES = 2**17
"""As many as a document may have, keys not counted: thousands of times what the largest one needs."""

_VALUE_WEIGHT = MAX_WEIGHT // MAX_VALUES
_MAX_BITS = 1024
"""Of a whole number. What reads JSON elsewhere takes numbers of 64 bits."""


def check_plain(data: object) -> None:
    """Refuses what is not plain data.

    Raises:
        DocumentError: the first such value.
    """
    weight = 0
    for path, value in _values(data):
        reason = _reason(value)
        if len(path) > MAX_DEPTH:
            raise DocumentError(field_of(path[:1]), f"is nested deeper than {MAX_DEPTH} levels")
        if reason is not None:
            raise DocumentError(field_of(path), reason)
        weight += _VALUE_WEIGHT + (len(value) if isinstance(value, str) else 0)
        if weight > MAX_WEIGHT:
            raise DocumentError(
                "", f"is larger than {MAX_WEIGHT} characters with its files and aliases written out"
            )


def _values(data: object) -> Iterator[tuple[Path, object]]:
    """Every value, in the order of the document; a value comes before what it holds.

    What a value holds is looked at only when it is its turn: by aliases, that can be without end.
    """
    yield (), data
    pending = [_held((), data)]
    while pending:
        found = next(pending[-1], None)
        if found is None:
            pending.pop()
        else:
            yield found
            pending.append(_held(*found))


def _held(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        yield from (((*path, key), it) for key, it in value.items())
    elif isinstance(value, list):
        yield from (((*path, index), it) for index, it in enumerate(value))


def _reason(value: object) -> str | None:
    """What is wrong with one value."""
    match value:
        case dict():
            return next(filter(None, map(_key_reason, value)), None)
        case str():
            return _text_reason(value)
        case float():
            return None if isfinite(value) else "is no finite number, which JSON does not have"
        case int():
            return None if value.bit_length() <= _MAX_BITS else f"is a number of more than {_MAX_BITS} bits"
        case None | list():
            return None
        case _:
            return f"is a {type(value).__name__}, which JSON does not have"


def _key_reason(key: object) -> str | None:
    return _text_reason(key) if isinstance(key, str) else f"has the key {key!r}, which is no text: quote it"


def _text_reason(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, which is no character"
    return None
