"""Public keys in all shapes that cloud-init takes -> `public_keys`.

Source: cloud-init `sources/__init__.py`, `normalize_pubkey_data`.
"""

from collections import Counter
from collections.abc import Iterator

from eve_meta.document.scalars import expected, key_name, key_text
from eve_meta.imports.place import Place

_NAME = "key"


def public_keys(place: Place, value: object) -> dict[str, str]:
    """The keys by their names; those without one are numbered.

    Raises:
        SourceError: they have another shape.
    """
    named = value if isinstance(value, dict) else {_NAME: value}
    keys: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for name, each in named.items():
        where = place.at(name) if named is value else place
        where.read(key_name, name)
        for text in _texts(where, each):
            keys[_free(name, keys, taken)] = text
    return keys


def _texts(place: Place, value: object) -> Iterator[str]:
    """The keys of one name, or of none."""
    match value:
        case None:
            lines: list[object] = []
        case str() if value.lstrip().startswith("-----BEGIN"):
            lines = [value]
        case str():
            lines = list(value.splitlines())
        case list():
            lines = value
        case _:
            raise place.error(str(expected("a key or a list of keys", value)))
    return (place.read(key_text, line) for line in lines if line and not _is_remark(line))


def _is_remark(line: object) -> bool:
    return isinstance(line, str) and (not line.strip() or line.startswith("#"))


def _free(name: str, keys: dict[str, str], taken: Counter[str]) -> str:
    """The name, or with a number if it is taken; `taken` keeps the search short."""
    while True:
        taken[name] += 1
        numbered = name if taken[name] == 1 else f"{name}-{taken[name]}"
        if numbered not in keys:
            return numbered
