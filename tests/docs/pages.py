"""The pages of the documentation: their text, their headings, and what they link to."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from attrs import field, frozen
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

ROOT = Path(__file__).parents[2]

_LEVELS = 3
"""Down to which headings can be linked to, here as on the site."""
_MARKDOWN = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=_LEVELS)


@frozen
class Page:
    """One page, as Markdown."""

    path: Path
    text: str = field(repr=False)

    @cached_property
    def tokens(self) -> list[Token]:
        """What it is made of, in order."""
        return _MARKDOWN.parse(self.text)

    @property
    def anchors(self) -> frozenset[str]:
        """The names of its headings, as links have them."""
        headings = (each for each in self.tokens if each.type == "heading_open")
        return frozenset(str(each.attrs["id"]) for each in headings if "id" in each.attrs)

    @property
    def links(self) -> Iterator[str]:
        """Where it links to, and which pictures are in it."""
        for each in self._inline():
            target = each.attrs.get("href") or each.attrs.get("src")
            if target:
                yield unquote(str(target))

    @property
    def quoted(self) -> Iterator[str]:
        """What stands between backticks in its sentences."""
        return (each.content for each in self._inline() if each.type == "code_inline")

    def _inline(self) -> Iterator[Token]:
        for each in self.tokens:
            yield from each.children or ()


def read(path: Path) -> Page:
    """The page in a file."""
    return Page(path, path.read_text(encoding="utf-8"))


def all_pages() -> list[Page]:
    """The README and what is below docs/."""
    return [read(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
