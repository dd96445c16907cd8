"""The manual pages: what they tell, and how they look."""

import re
import subprocess
from pathlib import Path

import pytest

from eve_meta.cli import VERBS
from scripts.manual.__main__ import write
from tests.support import EXAMPLE, need_programs
from tests.unit.cli.commands import eve_meta

PAGES = ("eve-meta.1", *(f"eve-meta-{verb}.1" for verb in VERBS), "eve-meta-document.5")
MIDNIGHT = "1800000000"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that they were written into."""
    made = tmp_path_factory.mktemp("man")
    write(made)
    return made


def shown(page: Path) -> str:
    """A page as its readers see it, without emphasis."""
    need_programs("mandoc")
    lines = subprocess.check_output(["mandoc", "-Tutf8", "-Owidth=200", page], text=True)
    return re.sub(".\b", "", lines)


def test_pages(directory: Path) -> None:
    """There is one for each verb."""
    assert {*PAGES} == {each.name for each in directory.iterdir()}


@pytest.mark.parametrize("page", PAGES)
def test_well_formed(directory: Path, page: str) -> None:
    """Neither of the programs by which pages are shown finds anything wrong."""
    need_programs("mandoc", "groff")
    for command in (["mandoc", "-Tlint", "-Wwarning"], ["groff", "-ww", "-man", "-Kutf8", "-Tutf8"]):
        done = subprocess.run([*command, directory / page], capture_output=True, text=True, check=False)
        told = done.stdout if command[0] == "mandoc" else ""
        assert (0, "", "") == (done.returncode, told, done.stderr)


@pytest.mark.parametrize("verb", VERBS)
def test_options(directory: Path, verb: str) -> None:
    """Each option that `--help` tells is on the verb's page."""
    options = {*re.findall(r"--[a-z-]+", eve_meta(verb, "--help").out)}

    assert options
    assert set() == options - {*re.findall(r"--[a-z-]+", shown(directory / f"eve-meta-{verb}.1"))}


def test_overview(directory: Path) -> None:
    """It leads to all others."""
    page = shown(directory / "eve-meta.1")

    assert [] == [name for name in PAGES if f"{name[:-2]}({name[-1]})" not in page and name != "eve-meta.1"]


def test_document(directory: Path) -> None:
    """Each field that a document can have is there, and no Markdown is left."""
    page = shown(directory / "eve-meta-document.5")

    assert [] == [field for field in EXAMPLE if field not in re.findall(r"\w+", page)]
    assert "interfaces[1].mac: expected a MAC address like fa:16:3e:00:00:01, got the text 'x'\n" in page
    assert not re.search(r"`|\]\(|\|", page)


def test_made_again(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages depend on the time that they are told, and on no other."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", MIDNIGHT)
    write(tmp_path)
    page = (tmp_path / "eve-meta.1").read_text()

    assert page.startswith(".TH EVE-META 1 2027-01-15 ")
    assert (directory / "eve-meta.1").read_text().splitlines()[1:] == page.splitlines()[1:]
