"""The shell commands that a page shows, in order, and where each is run.

Note [How a block of a page is run]

    console    a command behind each `# ` at the beginning of a line, and below it what it prints
    sh         one program for a shell

Both are run with all others of their page, as `tests/integration/test_documented.py` says, unless a comment
before the block tells where they are run: `<!-- run elsewhere: tests/x.py::test_y -->`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen
from markdown_it.token import Token

from tests.docs.pages import Page

PROMPT = "# "
SHELL = "sh"
CONSOLE = "console"
SILENT = frozenset({"text", "yaml", "json", "xml", "ini", "toml", "{include}", "{toctree}"})
"""Blocks in which nothing is run."""

_ELSEWHERE = re.compile(r"<!-- run elsewhere: (.+?) -->")
_ERROR = re.compile(r"eve-meta: (?!note: )")


@frozen
class Example:
    """What is run in one go.

    Attributes:
        line: where it begins on its page.
        shown: what the page says that it prints, as lines; None if the page does not say.
    """

    line: int
    command: str
    shown: tuple[str, ...] | None = None

    @property
    def fails(self) -> bool:
        """Whether it is said to tell an error."""
        return any(_ERROR.match(line) for line in self.shown or ())


@frozen
class Block:
    """A fenced block.

    Attributes:
        line: where it begins on its page.
        places: where it is run, if that is elsewhere.
    """

    line: int
    language: str
    text: str
    places: tuple[str, ...]

    @property
    def examples(self) -> Sequence[Example]:
        """What is to be run."""
        if self.language == SHELL:
            return (Example(self.line + 1, self.text),)
        return tuple(self._prompted()) if self.language == CONSOLE else ()

    def _prompted(self) -> Iterator[Example]:
        lines = self.text.splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith(PROMPT)]
        for start, end in pairwise([*starts, len(lines)]):
            first = next(number for number in range(start, end) if not lines[number].endswith("\\"))
            command = "\n".join(lines[start : first + 1]).removeprefix(PROMPT)
            shown = tuple(lines[first + 1 : end])
            yield Example(self.line + 1 + start, command + "\n", shown)


def blocks(page: Page) -> Iterator[Block]:
    """The fenced blocks of a page."""
    before: Token | None = None
    for each in page.tokens:
        if each.type == "fence":
            words = each.info.split()
            yield Block(
                each.map[0] + 1 if each.map else 0, words[0] if words else "", each.content, _places(before)
            )
        before = each


def examples(page: Page) -> list[Example]:
    """What is run with its page."""
    return [each for block in blocks(page) if not block.places for each in block.examples]


def _places(before: Token | None) -> tuple[str, ...]:
    found = _ELSEWHERE.fullmatch(before.content.strip()) if before and before.type == "html_block" else None
    return tuple(found[1].split(", ")) if found else ()
