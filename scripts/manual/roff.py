"""Writes roff, in the macros for manual pages. Source: man(7), groff_man_style(7)."""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import NamedTuple

_ESCAPES = str.maketrans(
    {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
)
"""What would be set as something else, so that it can be copied from a page."""

_WIDTH = 78


class Edition(NamedTuple):
    """What stands at the foot of each page."""

    version: str
    date: date


class Page(NamedTuple):
    """A manual page, and the name of its file."""

    file: str
    text: str


def page(edition: Edition, name: str, section: int, summary: str, body: Iterable[str]) -> Page:
    """A page with its title and its first section, which `apropos` looks into."""
    title = f'.TH {name.upper()} {section} {edition.date} "eve\\-meta {edition.version}" "eve\\-meta"'
    lines = [title, ".nh", ".ad l", *heading("Name"), f"{escaped(name)} \\- {escaped(summary)}", *body]
    return Page(f"{name}.{section}", "\n".join(_spaced(lines)) + "\n")


def heading(title: str) -> Iterator[str]:
    """The title of a section."""
    yield f".SH {escaped(title.upper())}"


def subheading(title: str) -> Iterator[str]:
    """The title of a part of a section."""
    yield f".SS {escaped(title)}"


def paragraph(text: str) -> Iterator[str]:
    """Text that is escaped already, behind some space."""
    yield ".PP"
    yield from filled(text)


def term(name: str, text: str) -> Iterator[str]:
    """What a word means; both are escaped already."""
    yield ".TP"
    yield _protected(name)
    yield from filled(text)


def item(text: str) -> Iterator[str]:
    """One of a list."""
    yield ".IP \\(bu 2"
    yield from filled(text)


def example(text: str) -> Iterator[str]:
    """Lines that are shown as they stand; not escaped yet."""
    yield from (".PP", ".RS 4", ".EX")
    yield from (_protected(escaped(line)) for line in text.splitlines())
    yield from (".EE", ".RE")


def filled(text: str) -> Iterator[str]:
    """Lines of a source that is easy to read; how they are shown does not depend on it."""
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return map(_protected, lines)


def bold(text: str) -> str:
    """Text as it is to be typed."""
    return f"\\fB{escaped(text)}\\fR"


def escaped(text: str) -> str:
    """Text that roff shows as it is."""
    return text.translate(_ESCAPES)


def _spaced(lines: list[str]) -> Iterator[str]:
    """The lines, without a request for space behind a title, which has its own."""
    yield lines[0]
    for before, line in pairwise(lines):
        if line != ".PP" or not before.startswith((".SH", ".SS")):
            yield line


def _protected(line: str) -> str:
    """A line that is taken for no request."""
    return f"\\&{line}" if line.startswith((".", "'")) else line
