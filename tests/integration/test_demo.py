"""The demonstration, which `scripts/demo` runs in a throw-away host, shows what it promises."""

import sys

from tests.hosts import run
from tests.machines import ROOT
from tests.support import need_sandbox


def test_demo() -> None:
    """Each guest reads its own, and nothing is left."""
    need_sandbox()
    said = run(str(ROOT / "scripts" / "sandbox"), sys.executable, str(ROOT / "scripts" / "demo.py"))

    for name in ("red", "green", "blue"):
        assert f" {name}.example.org " in said
    assert said.endswith("Left in the kernel: nothing.\n")
