"""`scripts/install` into an empty directory: what it puts there, and what it does not touch."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.machines import PIP_SETTINGS, ROOT
from tests.support import need_sandbox

INSTALLED = "/opt/eve-meta"
UNIT = "/etc/systemd/system/eve-meta.service"
HOOK = "/etc/libvirt/hooks/qemu.d/eve-meta"
LINK = "/usr/local/bin/eve-meta"
CONFIG = "/etc/eve-meta/config.yaml"
DOCUMENTS = "/etc/eve-meta/vms"
PREFIX = "/srv/eve"
OWN_CONFIG = "log: json\n"
PAGE = "/usr/local/share/man/man1/eve-meta-attach.1"
COMPLETION = "/usr/local/share/bash-completion/completions/eve-meta"


class Source:
    """A checkout to install from, with a hook of which only the name matters."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for each in ("docs", "eve_meta", "netns", "scripts"):
            shutil.copytree(ROOT / each, directory / each)
        for each in ("setup.py", "README.md", "LICENSE"):
            shutil.copy(ROOT / each, directory / each)
        shutil.rmtree(directory / "scripts" / "hooks", ignore_errors=True)
        (directory / "scripts" / "hooks").mkdir()
        (directory / "scripts" / "hooks" / "libvirt").write_text("#!/bin/sh\n/opt/eve-meta/bin/eve-meta\n")

    def install(self, root: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """Install into a root directory, whatever comes of it."""
        environment = {"PATH": os.environ["PATH"], "DESTDIR": str(root), **PIP_SETTINGS}
        return subprocess.run(
            [self.directory / "scripts" / "install", *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A checkout."""
    need_sandbox()
    return Source(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def installed(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root directory into which all was installed, for tests to copy."""
    root = tmp_path_factory.mktemp("installed")
    done = source.install(root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def root(installed: Path, tmp_path: Path) -> Path:
    """A root directory of the test's own into which all was installed."""
    return shutil.copytree(installed, tmp_path / "root", symlinks=True)


@pytest.fixture(scope="module")
def elsewhere(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root directory with a configuration of before, into which all was installed with another prefix."""
    root = tmp_path_factory.mktemp("elsewhere")
    below(root, CONFIG).parent.mkdir(parents=True)
    below(root, CONFIG).write_text(OWN_CONFIG)
    done = source.install(root, "--prefix", PREFIX)
    assert done.returncode == 0, done.stderr
    return root


def below(root: Path, path: str) -> Path:
    """A path in a root directory."""
    return root / path.removeprefix("/")


def files(root: Path) -> dict[str, bytes | None]:
    """All that is in a root directory, and what is in each of the files."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
        if not path.is_relative_to(below(root, f"{INSTALLED}/lib"))
    }


def test_in_place(installed: Path) -> None:
    """All is where it belongs, and knows of no other root directory."""
    program = below(installed, f"{INSTALLED}/bin/eve-meta")

    assert program.read_text().startswith(f"#!{INSTALLED}/bin/python3\n")
    assert str(below(installed, LINK).readlink()) == f"{INSTALLED}/bin/eve-meta"
    assert f"ExecStart={INSTALLED}/bin/eve-meta agent\n" in below(installed, UNIT).read_text()
    assert os.access(below(installed, HOOK), os.X_OK)
    assert below(installed, PAGE).read_text().startswith(".TH EVE-META-ATTACH 1 ")
    assert "complete -o nosort -F" in below(installed, COMPLETION).read_text()
    assert below(installed, DOCUMENTS).stat().st_mode & 0o777 == 0o700


def test_source_is_left_alone(installed: Path, source: Source) -> None:
    """Nothing is built beside the source."""
    del installed
    assert {each.name for each in source.directory.iterdir()} == {
        "LICENSE",
        "README.md",
        "docs",
        "eve_meta",
        "netns",
        "scripts",
        "setup.py",
    }


def test_remove(root: Path, source: Source) -> None:
    """All is taken away but a document, which is named."""
    (below(root, DOCUMENTS) / "web.yaml").touch()
    done = source.install(root, "--remove")

    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if "/share/" not in line] == [
        f"install: removed {UNIT}",
        f"install: removed {HOOK}",
        f"install: removed {CONFIG}",
        f"install: removed {LINK}",
        f"install: removed {INSTALLED}",
        f"install: left {DOCUMENTS}",
    ]
    assert [name for name in files(root) if below(root, name).is_file()] == ["etc/eve-meta/vms/web.yaml"]


def test_configuration(installed: Path) -> None:
    """A configuration is installed in which all is as by default."""
    assert below(installed, CONFIG).read_bytes() == (ROOT / "docs" / "config.example.yaml").read_bytes()


def test_own_configuration(elsewhere: Path) -> None:
    """A configuration that was there before is not overwritten."""
    assert below(elsewhere, CONFIG).read_text() == OWN_CONFIG


def test_changed_configuration(root: Path, source: Source) -> None:
    """A configuration that an operator has changed is left."""
    below(root, CONFIG).write_text(OWN_CONFIG)
    done = source.install(root, "--remove")

    assert f"install: left {CONFIG}, which was changed" in done.stdout.splitlines()
    assert below(root, CONFIG).read_text() == OWN_CONFIG


def test_remove_twice(root: Path, source: Source) -> None:
    """What is not installed is not removed."""
    source.install(root, "--remove")
    done = source.install(root, "--remove")

    assert (1, f"install: nothing is installed in {INSTALLED}\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("path", [UNIT, HOOK, PAGE])
def test_changed(root: Path, source: Source, path: str) -> None:
    """What an operator has changed is neither overwritten nor removed."""
    below(root, path).write_text("mine\n")
    again = source.install(root)
    removed = source.install(root, "--remove")

    assert (1, f"install: {path} is not ours, or was changed: move it away\n") == (
        again.returncode,
        again.stderr,
    )
    assert f"install: left {path}, which was changed" in removed.stdout.splitlines()
    assert below(root, path).read_text() == "mine\n"


@pytest.mark.parametrize("path", [UNIT, HOOK, LINK, PAGE, COMPLETION, f"{INSTALLED}/important"])
def test_foreign(tmp_path: Path, source: Source, path: str) -> None:
    """Where somebody else's file is in the way nothing is installed."""
    below(tmp_path, path).parent.mkdir(parents=True)
    below(tmp_path, path).write_text("theirs\n")
    before = files(tmp_path)
    done = source.install(tmp_path)

    assert done.returncode == 1
    assert "is not ours" in done.stderr
    assert before == files(tmp_path)


@pytest.mark.parametrize("options", [("--prefix", "opt"), ("--prefix", "/"), ("--prefix", "/a b"), ("--no",)])
def test_refused(tmp_path: Path, source: Source, options: tuple[str, ...]) -> None:
    """What makes no sense is refused before anything is done."""
    done = source.install(tmp_path, *options)

    assert done.returncode in (1, 2)
    assert done.stderr
    assert files(tmp_path) == {}


def test_prefix(elsewhere: Path) -> None:
    """With another prefix all of it names that."""
    assert not below(elsewhere, INSTALLED).exists()
    for path in (UNIT, HOOK, f"{PREFIX}/hooks/libvirt"):
        said = below(elsewhere, path).read_text()
        assert f"{PREFIX}/bin/eve-meta" in said
        assert INSTALLED not in said
