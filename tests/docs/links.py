"""What a page points at that is not there: files, headings, and names of files and tests in its sentences."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tests.docs.pages import ROOT, Page, read

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_NAMED = re.compile(r"((?:\.ci|docs|eve_meta|netns|scripts|tests)/[A-Za-z0-9_./-]*)(?:::([A-Za-z_]\w*))?")


def broken_links(page: Page) -> Iterator[str]:
    """The links that lead nowhere; of another site's only how they are written is looked at."""
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme:
            if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc):
                yield f"{link}: is no address of a site"
        elif reason := _broken(page, parts.path, parts.fragment):
            yield f"{link}: {reason}"


def missing_names(page: Page) -> Iterator[str]:
    """What it names between backticks, as `tests/x.py::test_y` from the root, and is not there."""
    for words in page.quoted:
        if (match := _NAMED.fullmatch(words)) and not is_there(*match.groups()):
            yield words


def is_there(path: str, name: str | None) -> bool:
    """Whether there is a file or directory, and something of this name in it."""
    file = ROOT / path
    return file.exists() and (name is None or name in _defined(file))


def _broken(page: Page, path: str, heading: str) -> str | None:
    target = (page.path.parent / path).resolve()
    if path and not target.is_relative_to(ROOT):
        return "is outside"
    if path and not target.is_file():
        return "there is no such file"
    if heading and heading not in (_anchors(target) if path else page.anchors):
        return "there is no such heading"
    return None


@cache
def _anchors(file: Path) -> frozenset[str]:
    return read(file).anchors if file.suffix == ".md" else frozenset()


@cache
def _defined(file: Path) -> frozenset[str]:
    """The names of the functions and classes in a module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, kinds))
