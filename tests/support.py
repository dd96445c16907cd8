"""What tests share: what they need of the machine, and waiting for what comes soon."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Never, TypeVar

import pytest
import yaml

T = TypeVar("T")

EXAMPLE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "docs" / "example.yaml").read_text(encoding="utf-8")
)
"""The document that says everything that one can say."""

_PATH = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin"
_POLL_SECONDS = 0.01


def need_programs(*programs: str) -> None:
    """Skip the test on a machine without a program; in CI that is a failure."""
    for each in programs:
        if not shutil.which(each, path=_PATH):
            refuse(f"{each} is not installed")


def need_sandbox(*programs: str) -> None:
    """Skip the test unless it runs as root in a throw-away host; in CI that is a failure."""
    if os.geteuid() != 0 or os.environ.get("EVE_META_SANDBOX") != "1":
        refuse("needs root in a throw-away host: scripts/sandbox pytest …")
    need_programs("ip", "iptables-restore", "ip6tables-restore", *programs)


def soon(question: Callable[[], T], seconds: float = 5) -> T:
    """The first true answer to a question; after the time the last answer, whatever it is."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
    return answer


def refuse(reason: str) -> Never:
    """Skip the test for want of something; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def descriptors_of(pid: int) -> dict[int, str]:
    """What each descriptor of a process is of: a kind, or a path. One that is closed meanwhile is none."""
    found = {}
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found[int(each.name)] = str(each.readlink())
    return found
