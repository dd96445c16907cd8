"""The demonstration, which `scripts/demo` runs in a throw-away host, shows what it promises."""

import sys

import pytest

from tests.hosts import run
from tests.machines import ROOT
from tests.support import need_programs, need_sandbox
from tests.vms import need_kernel


def demonstrated(name: str) -> str:
    """What a demonstration prints."""
    return run("env", f"--chdir={ROOT}", "scripts/sandbox", sys.executable, "-m", f"scripts.{name}")


def test_demo() -> None:
    """Each guest reads its own, and nothing is left."""
    need_sandbox()
    said = demonstrated("demo")

    for name in ("red", "green", "blue"):
        assert f" {name}.example.org " in said
    assert said.endswith("Left in the kernel: nothing.\n")


@pytest.mark.guest
def test_vm() -> None:
    """A virtual machine boots, reads what is its own, and its boot is told from outside."""
    need_sandbox()
    need_programs("busybox", "qemu-system-x86_64")
    need_kernel()
    said = demonstrated("demo_vm")

    assert "hostname: web.example.org\n" in said
    assert "final_message: web is up\n" in said
    assert "\nasked by        Demo-VM (OpenStack, EC2)\n" in said
    assert "GET /openstack/latest/user_data\n" in said
    assert said.endswith("tap0: detached\n\n")
