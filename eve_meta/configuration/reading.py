"""The text of a configuration file -> what it sets."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from eve_meta.configuration.known import LIMITS, SETTINGS, composed
from eve_meta.configuration.said import Configuration
from eve_meta.contact import Address
from eve_meta.document import scalars
from eve_meta.document.notation import lines_of_keys, load
from eve_meta.document.problems import field_of, meant
from eve_meta.errors import DocumentError, SettingError
from eve_meta.settings import address

_Place = tuple[str, ...]
"""The keys above a value."""

_PLACES: frozenset[_Place] = frozenset(tuple(name.split(".")) for name in SETTINGS)
_DEPTH = 2


def read(text: bytes) -> Configuration:
    """What the text says. Nothing is raised: what is wrong is among its problems."""
    try:
        data = load(text)
        found = dict(_flat({} if data is None else scalars.mapping(data)))
    except DocumentError as error:
        return Configuration(problems=(SettingError(error.field, error.reason),))
    except ValueError as error:
        return Configuration(problems=(SettingError("", str(error)),))
    values: dict[str, object] = {}
    problems: list[SettingError] = []
    for place, value in found.items():
        try:
            values[field_of(place)] = _value(place, value)
        except SettingError as error:
            problems.append(error)
    lines = {field_of(place): line for place, line in lines_of_keys(text, _DEPTH).items()}
    return Configuration(values, lines, tuple(problems))


def _flat(data: Mapping[str, object]) -> Iterator[tuple[_Place, object]]:
    """Each value with its place; a mapping without anything in it sets nothing."""
    for name, value in data.items():
        if name == LIMITS and isinstance(value, dict | None):
            yield from (((name, inner), it) for inner, it in (value or {}).items())
        else:
            yield (name,), value


def _value(place: _Place, data: object) -> object:
    """The value of the setting at a place.

    Raises:
        SettingError: there is no such setting, or it cannot be so.
    """
    name = field_of(place)
    if place not in _PLACES:
        raise SettingError(name, _unknown(place, data))
    try:
        value = _READERS[SETTINGS[name].kind](data)
    except ValueError as error:
        raise SettingError(name, str(error)) from error
    composed({name: value})
    return value


def _unknown(place: _Place, data: object) -> str:
    name = field_of(place)
    if place == (LIMITS,):
        return str(scalars.expected("a mapping", data))
    if name in SETTINGS:
        return f"belongs into the mapping '{LIMITS}'"
    return f"is not a setting{meant(name, SETTINGS)}"


def _path(data: object) -> Path:
    return Path(scalars.line(data))


def _number(data: object) -> int:
    if isinstance(data, bool) or not isinstance(data, int):
        raise scalars.expected("a whole number", data)
    return data


def _text_or_none(data: object) -> str | None:
    return None if data is None else scalars.line(data)


def _address_or_none(data: object) -> Address | None:
    return None if data is None else address(scalars.line(data))


_READERS: Mapping[object, Callable[[object], object]] = {
    Path: _path,
    int: _number,
    str: scalars.line,
    str | None: _text_or_none,
    Address | None: _address_or_none,
}
"""How the values of each type are read."""
