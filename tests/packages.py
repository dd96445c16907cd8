"""Packages as `scripts/package` makes them, where there is no network."""

import os
import subprocess
from pathlib import Path

from attrs import frozen

from tests.machines import PIP_SETTINGS, ROOT
from tests.support import need_programs

_SECONDS = 600
_ENVIRONMENT = {**os.environ, **PIP_SETTINGS}


@frozen
class Packages:
    """The files of one build."""

    wheel: Path
    source: Path
    debian: Path


def build(directory: Path) -> Packages:
    """Build them into a directory, which takes a minute or two."""
    need_programs("dpkg-buildpackage", "dh")
    run(str(ROOT / "scripts" / "package"), str(directory))
    (wheel,), (source,), (debian,) = (directory.glob(each) for each in ("*.whl", "*.tar.gz", "*.deb"))
    return Packages(wheel, source, debian)


def run(*command: str) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(
        command, env=_ENVIRONMENT, capture_output=True, text=True, timeout=_SECONDS, check=False, cwd="/"
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def installed_by_pip(package: Path, directory: Path) -> Path:
    """The programs of a new virtual environment, into which a package was installed."""
    run("python3", "-m", "venv", str(directory))
    run(str(directory / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", str(package))
    return directory / "bin"
