"""The site of the pages, made as `scripts/docs` makes it."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT, all_pages

FRONT = ROOT / "README.md"


def make_site(pages: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Make a site, whatever comes of it."""
    how = ("--builder", "html", "--fail-on-warning", "--keep-going", "--quiet")
    command = [sys.executable, "-m", "sphinx", *how, str(pages), str(site)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_how() -> None:
    """It is made here in the words in which `scripts/docs` makes it."""
    said = (ROOT / "scripts" / "docs").read_text(encoding="utf-8")
    assert "-m sphinx --builder html --fail-on-warning --keep-going --quiet docs" in said


def test_site(tmp_path: Path) -> None:
    """Each page is in the site, and nothing in it is worth a warning."""
    done = make_site(ROOT / "docs", tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    pages = [each.path.relative_to(ROOT / "docs") for each in all_pages() if each.path != FRONT]
    assert [] == [each for each in pages if not (tmp_path / each).with_suffix(".html").exists()]
    assert "169.254.169.254" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_broken_links(tmp_path: Path) -> None:
    """Each link that leads nowhere is an error."""
    pages = tmp_path / "pages"
    pages.mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", pages)
    (pages / "index.md").write_text("# Index\n\n```{toctree}\none\n```\n", encoding="utf-8")
    broken = ("two.md", "one.md#not-there", "#nowhere", "data.yaml")
    (pages / "one.md").write_text("# One\n\n" + " ".join(f"[x]({each})" for each in broken), encoding="utf-8")

    done = make_site(pages, tmp_path / "site")

    assert 1 == done.returncode
    assert len(broken) == len(done.stderr.splitlines())
    assert [] == [each for each in broken if each.rpartition("#")[2] not in done.stderr]
