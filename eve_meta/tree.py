"""The metadata tree: directories that open on demand, leaves, lookup, listing.

What a directory lists is what is looked up in it, so what is listed can be fetched. Nothing below a directory
exists before somebody asks, nor does a child that nobody asks for: a VM has dozens of versions of one tree,
and a guest reads two.
"""

from binascii import b2a_base64
from collections.abc import Callable, Collection, Iterator, Sequence

from attrs import frozen

Entropy = Callable[[int], bytes]
"""So many random bytes."""

SEED_BYTES = 512
"""Source: nova `api/metadata/base.py`, `_metadata_as_json`."""

PLAIN = b"text/plain; charset=UTF-8"
JSON = b"application/json"
OCTETS = b"application/octet-stream"


@frozen
class Leaf:
    """What stands at the end of a path."""

    body: bytes
    content_type: bytes = PLAIN


@frozen
class SeededLeaf:
    """A leaf with a random seed, in base64, between two fixed parts: fresh at each reading."""

    before: bytes
    after: bytes
    content_type: bytes = JSON

    def read(self, entropy: Entropy) -> bytes:
        """The parts with a new seed between them."""
        return b"".join((self.before, b2a_base64(entropy(SEED_BYTES), newline=False), self.after))


@frozen
class Slot:
    """A leaf that the guest fills itself: what it holds is no part of a document."""


@frozen
class Inbox:
    """Where a guest posts a report, which nobody reads there.

    Attributes:
        kind: one of `eve_meta.reports.REPORTS`.
    """

    kind: str


@frozen
class Entry:
    """A child of a directory.

    Attributes:
        line: its line in the directory's listing; None: served, not listed.
        open: makes the child.
    """

    line: str | None
    open: "Callable[[], Node]"


@frozen
class Directory:
    """Named children.

    Attributes:
        names: those that there can be, in the order of the listing.
        make: the child of such a name; None: there is none.
        is_listed: whether the directory itself answers with its listing.
    """

    names: Collection[str]
    make: Callable[[str], Entry | None]
    is_listed: bool = True

    def get(self, name: str) -> Entry | None:
        """The child of a name."""
        return self.make(name) if name in self.names else None

    def items(self) -> Iterator[tuple[str, Entry]]:
        """All children, in the order of the listing."""
        for name in self.names:
            entry = self.make(name)
            if entry is not None:
                yield name, entry

    def listing(self) -> bytes:
        r"""Lines joined by `\n`, without a final one."""
        return "\n".join(entry.line for _, entry in self.items() if entry.line is not None).encode()


Node = Leaf | SeededLeaf | Slot | Inbox | Directory


def find(node: Node, names: Sequence[str]) -> Node | None:
    """The node below `node` that the names lead to."""
    for name in names:
        entry = node.get(name) if isinstance(node, Directory) else None
        if entry is None:
            return None
        node = entry.open()
    return node


def walk(node: Node, path: str = "") -> Iterator[str]:
    """The path of every node that can be read, depth first, a directory before its children."""
    if isinstance(node, Inbox):
        return
    if not isinstance(node, Directory):
        yield path
        return
    if node.is_listed:
        yield path or "/"
    for name, entry in node.items():
        yield from walk(entry.open(), f"{path}/{name}")
