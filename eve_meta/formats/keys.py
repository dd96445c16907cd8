"""Keys of the EC2 tree, each from the version that brought it.

A key without a value is neither listed nor found: clients take every listed key for one they can fetch, and
an empty value for a wrong one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
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


def directory(keys: Collection[Key[T]], subject: T, version: str) -> Directory:
    """A directory of those keys that the version has and that have a value."""
    hidden = frozenset(key.name for key in keys if version < key.listed_since)
    return Directory(lambda: entries(_nodes(keys, subject, version), hidden))


def entries(
    nodes: Iterable[tuple[str, Node | None]], hidden: Collection[str] = frozenset()
) -> Mapping[str, Entry]:
    """Children as EC2 lists them: sorted by name, directories with a slash; hidden ones not at all."""
    return {
        name: Entry(None if name in hidden else _line(name, node), partial(_same, node))
        for name, node in sorted(nodes, key=_name)
        if node is not None
    }


def _line(name: str, node: Node) -> str:
    return f"{name}/" if isinstance(node, Directory) else name


def _nodes(keys: Iterable[Key[T]], subject: T, version: str) -> Iterator[tuple[str, Node | None]]:
    for key in keys:
        if key.since <= version:
            yield key.name, key.make(subject, version)


def _leaf(value: object) -> Leaf | None:
    return None if value is None else Leaf(str(value).encode())


def _same(node: Node) -> Node:
    return node


def _name(named: tuple[str, Node | None]) -> str:
    return named[0]
