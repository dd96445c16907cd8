"""The life of a VM of libvirt, as its guest has it: whatever is done to it, it is answered while it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.booted import HOSTNAME, answered, console, domain, heard, without_seed
from tests.integration.hypervisors import Hypervisor, hypervisor
from tests.support import need_sandbox, soon
from tests.vms import BOOT_SECONDS

pytestmark = [pytest.mark.guest, pytest.mark.timeout(600)]

OPEN = ["open", "open"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Hypervisor]:
    """A host whose libvirt has our hook."""
    need_sandbox("nft", "libvirtd", "virsh", "qemu-system-x86_64")
    (tmp_path / "host").mkdir()
    with hypervisor("home", tmp_path / "host") as made:
        yield made
        made.libvirt.try_virsh("destroy", "web")


def test_life(home: Hypervisor, tmp_path: Path) -> None:
    """Defined, started, reset, saved and restored, destroyed, undefined: nothing is left over."""
    virsh, before = home.libvirt.virsh, home.objects()

    def is_answered() -> bool:
        return answered(lambda: heard(console(home.libvirt)))

    def boots() -> int:
        return console(home.libvirt).splitlines().count("up")

    virsh("define", "/dev/stdin", given=domain(tmp_path))
    virsh("start", "web")
    assert is_answered(), console(home.libvirt)
    assert OPEN == [*home.attached().values()]

    virsh("reset", "web")
    assert soon(lambda: boots() == 2, BOOT_SECONDS)
    assert is_answered()

    virsh("managedsave", "web")
    assert ({}, before) == (home.attached(), home.objects())
    virsh("start", "web")
    assert is_answered()
    assert boots() == 0  # its console begins anew with each QEMU: it goes on where it was

    virsh("destroy", "web")
    virsh("undefine", "web")
    assert ({}, before) == (home.attached(), home.objects())
    told = [without_seed(each.answer) for each in heard(console(home.libvirt)) if each.answer]
    assert HOSTNAME == told[0]["hostname"]
    assert all(told[0] == each for each in told)
