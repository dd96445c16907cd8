"""Each shell command that a page shows is run: with its page, or where a comment before it says."""

import re
from collections.abc import Iterator

import pytest

from tests.docs.examples import CONSOLE, SHELL, SILENT, Block, Example, blocks, examples
from tests.docs.links import is_there
from tests.docs.pages import ROOT, Page, all_pages

PAGES = all_pages()
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=[str(each.path.relative_to(ROOT)) for each in PAGES])
FIRST_WORD = re.compile(r"(?:\S*/)?([a-z][\w-]*)(?: |$)")
READERS = ROOT / "tests" / "integration" / "readers"
PROGRAMS = re.compile(
    r"([#$] )?(eve-meta|scripts/\S+|apt(-get)?|curl|ip|iptables|journalctl|nft|pip|qemu-\S+|systemctl|virsh) "
)


def faults(block: Block) -> Iterator[str]:
    """What is wrong with a block."""
    if block.language not in {SHELL, CONSOLE, *SILENT}:
        yield f"line {block.line}: say what it is: {SHELL}, {CONSOLE}, {', '.join(sorted(SILENT))}"
    if block.language in SILENT:
        commands = (line for line in block.text.splitlines() if PROGRAMS.match(line))
        yield from (f"line {block.line}: is no {block.language}: {line}" for line in commands)
    yield from (f"line {block.line}: {fault}" for fault in faults_of_places(block))


def faults_of_places(block: Block) -> Iterator[str]:
    """Why a block cannot be run where it is said to be."""
    places = [each.partition("::") for each in block.places]
    missing = [
        each
        for each, (path, _, name) in zip(block.places, places, strict=True)
        if not is_there(path, name or None)
    ]
    yield from (f"there is no {each}" for each in missing)
    if places and not missing:
        text = "".join((ROOT / path).read_text(encoding="utf-8") for path, *_ in places)
        yield from (f"{each} is not run there" for each in programs(block) if each not in text)


def programs(block: Block) -> list[str]:
    """The names of the programs that a block's lines begin with."""
    lines = "\n".join(each.command for each in block.examples).splitlines()
    return [match[1] for line in lines if (match := FIRST_WORD.match(line))]


def made_up(text: str) -> Page:
    """A page that is in no file."""
    return Page(ROOT / "docs" / "made-up.md", text)


@BY_NAME
def test_blocks(page: Page) -> None:
    assert [] == [fault for block in blocks(page) for fault in faults(block)]


@BY_NAME
def test_reader(page: Page) -> None:
    """What a page with commands takes for granted is made for whoever runs them, and for no page without."""
    assert bool(examples(page)) == (READERS / f"{page.path.stem}.sh").exists()


def test_examples() -> None:
    """A command goes on behind a backslash, and what it prints until the next."""
    page = made_up("```console\n# one\n1\n\n# two \\\n    2\n```\n\n```sh\nthree <<END\n# 3\nEND\n```\n")

    assert examples(page) == [
        Example(2, "one\n", ("1", "")),
        Example(5, "two \\\n    2\n", ()),
        Example(10, "three <<END\n# 3\nEND\n"),
    ]


@pytest.mark.parametrize(
    ("shown", "fails"),
    [("eve-meta: tap7: is not there", True), ("eve-meta: note: x", False), ("tap0: attached", False)],
)
def test_errors(shown: str, fails: bool) -> None:  # noqa: FBT001 - what is expected
    """A command that is shown to tell an error is to fail."""
    (example,) = examples(made_up(f"```console\n# eve-meta attach\n{shown}\n```\n"))

    assert fails is example.fails


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```\nx\n```", "line 1: say what it is"),
        ("```python\nx\n```", "line 1: say what it is"),
        ("```text\n# eve-meta list\n```", "line 1: is no text: # eve-meta list"),
        ("```yaml\nvirsh start web\n```", "line 1: is no yaml: virsh start web"),
        (
            "<!-- run elsewhere: tests/no.py::test_no -->\n```sh\nls\n```",
            "line 2: there is no tests/no.py::test_no",
        ),
        (
            "<!-- run elsewhere: scripts/test, .ci/run -->\n```sh\nscripts/test\nscripts/frob x\n```",
            "line 2: frob is not run there",
        ),
        (
            "<!-- run elsewhere: tests/integration/test_bench.py::test_no -->\n```sh\nscripts/bench\n```",
            "line 2: there is no tests/integration/test_bench.py::test_no",
        ),
    ],
)
def test_faulty(text: str, fault: str) -> None:
    (block,) = blocks(made_up(text))

    assert next(faults(block)).startswith(fault)


def test_run_elsewhere() -> None:
    """What is run elsewhere is not run with its page; only what stands right before a block is said of it."""
    mark = "<!-- run elsewhere: .ci/run -->\n"

    assert [] == examples(made_up(f"{mark}```sh\nscripts/test\n```"))
    assert [Example(5, "ls\n")] == examples(made_up(f"{mark}\nText.\n```sh\nls\n```"))
