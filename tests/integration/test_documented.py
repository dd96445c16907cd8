"""What the pages show is what happens: commands are run in order, and what they print compared."""

from pathlib import Path

import pytest

from tests.docs.examples import Example, examples
from tests.docs.pages import ROOT, Page, all_pages
from tests.docs.shapes import is_like
from tests.integration.reader import printed
from tests.support import need_programs, need_sandbox

PAGES = [each for each in all_pages() if examples(each)]
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=[str(each.path.relative_to(ROOT)) for each in PAGES])


@BY_NAME
def test_page(page: Page, tmp_path: Path) -> None:
    need_sandbox("nft")
    need_programs("bash", "curl", "genisoimage", "openssl", "qemu-system-x86_64")
    shown = examples(page)

    said = printed(page.path.stem, shown, tmp_path)

    unlike = [
        f"line {each.line}: {each.command}{text}"
        for each, text in zip(shown, said, strict=True)
        if each.shown is not None and not is_like(each.shown, text)
    ]
    assert not unlike, "\n".join(unlike)


@pytest.mark.parametrize(
    "example",
    [
        Example(1, "cd /\nfalse\ntrue\n"),
        Example(1, "eve-meta show tap0 | cat\n"),
        Example(1, "true\n", ("eve-meta: tap0: is not there",)),
    ],
)
def test_failure(example: Example, tmp_path: Path) -> None:
    """What fails in the middle, or fails not although it is shown to, is noticed."""
    need_sandbox("nft")
    with pytest.raises(AssertionError, match="line 1: "):
        printed("README", [example, Example(5, "echo later\n")], tmp_path)
