"""Keys of a tree, each from the version that brought it; listed as EC2 does it.

A key without a value is neither listed nor found: clients take every listed key for one they can fetch, and
an empty value for a wrong one.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, itemgetter
from typing import Generic, TypeVar

from attrs import frozen

from eve_meta.tree import Directory, Entry, Leaf, Node

T = TypeVar("T")


@frozen
class Key(Generic[T]):
    """A child of a directory.

    Attributes:
        since: the version that brought it, as text that compares.
        make: its node, of what the directory is about, in a version; None: nothing is known.
        listed_since: the version that lists it, if that came later.
    """

    name: str
    since: str
    make: Callable[[T, str], Node | None]
    listed_since: str = ""


def text(value: Callable[[T], object]) -> Callable[[T, str], Node | None]:
    """Makes a leaf of a value, unless that is None."""
    return lambda subject, _: _leaf(value(subject))


def lines(values: Callable[[T], Iterable[object]]) -> Callable[[T, str], Node | None]:
    r"""Makes a leaf of values joined by `\n`, unless there are none."""
    return lambda subject, _: _leaf("\n".join(map(str, values(subject))) or None)


def keyed(*keys: Key[T]) -> Mapping[str, Key[T]]:
    """Keys by name, in the order of the listing."""
    return {key.name: key for key in sorted(keys, key=attrgetter("name"))}


def directory(keys: Mapping[str, Key[T]], subject: T, version: str) -> Directory:
    """A directory of those keys that the version has and that have a value."""
    return Directory(keys, lambda name: _entry(keys[name], subject, version))


def holding(nodes: Iterable[tuple[str, Node]]) -> Directory:
    """A directory of some nodes."""
    known = dict(sorted(nodes, key=itemgetter(0)))
    return Directory(known, lambda name: listed(name, known[name]))


def listed(name: str, node: Node) -> Entry:
    """A child as EC2 lists it: a directory with a slash."""
    return Entry(f"{name}/" if isinstance(node, Directory) else name, lambda: node)


def _entry(key: Key[T], subject: T, version: str) -> Entry | None:
    node = key.make(subject, version) if key.since <= version else None
    if node is None:
        return None
    return listed(key.name, node) if key.listed_since <= version else Entry(None, lambda: node)


def _leaf(value: object) -> Leaf | None:
    return None if value is None else Leaf(str(value).encode())
