"""What the pages link to and name is there."""

import pytest

from tests.docs.links import broken_links, missing_names
from tests.docs.pages import ROOT, Page, all_pages

PAGES = all_pages()
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=[str(each.path.relative_to(ROOT)) for each in PAGES])


def made_up(text: str) -> Page:
    """A page in docs/ that is in no file."""
    return Page(ROOT / "docs" / "made-up.md", text)


@BY_NAME
def test_links(page: Page) -> None:
    assert [] == [*broken_links(page)]


@BY_NAME
def test_names(page: Page) -> None:
    assert [] == [*missing_names(page)]


@pytest.mark.parametrize(
    "link",
    [
        "cli.md",
        "cli.md#eve-meta-attach",
        "operating.md#what-one-interfaces-guests-may-use",
        "../README.md",
        "monitoring/dashboard.json",
        "performance/scale.svg",
        "#here",
        "https://www.example.org/a?b#c",
    ],
)
def test_good_link(link: str) -> None:
    assert [] == [*broken_links(made_up(f"# Here\n\n[x]({link}), ![x]({link})"))]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("clo.md", "there is no such file"),
        ("monitoring", "there is no such file"),
        ("cli.md#eve-meta-atach", "there is no such heading"),
        ("example.yaml#uuid", "there is no such heading"),
        ("#nowhere", "there is no such heading"),
        ("../../etc/passwd", "is outside"),
        ("https://example", "is no address of a site"),
        ("https:/www.example.org/", "is no address of a site"),
        ("htp://www.example.org/", "is no address of a site"),
    ],
)
def test_broken_link(link: str, reason: str) -> None:
    page = made_up(f"# Here\n\n| a |\n|---|\n| [x]({link}) |\n")
    assert [f"{link}: {reason}"] == [*broken_links(page)]


@pytest.mark.parametrize(
    "name", ["eve_meta/no.py", "tests/no/", "tests/docs/test_links.py::test_no", "scripts/no"]
)
def test_missing_name(name: str) -> None:
    assert [name] == [*missing_names(made_up(f"- see `{name}`, `eve_meta/`, `a/b`, `eve_meta/vm.py::VM`"))]
