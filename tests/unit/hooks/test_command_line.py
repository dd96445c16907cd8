"""What is read of QEMU's command line."""

import pytest

from eve_meta.hooks.command_line import machine_of
from eve_meta.hooks.machine import Machine, MachineError, Smbios
from tests.unit.hooks.recorded import BARE, WEB


def test_all_that_is_looked_at() -> None:
    command = (
        f"qemu-system-x86_64 -name guest=web,debug-threads=on -uuid {WEB} -m 64 -nographic "
        "-smbios type=1,manufacturer=A,,B,product=OpenStack,serial=s -smbios type=3,asset=tag "
        "-drive if=virtio,file=/a,,b.img -cdrom /seed.iso -blockdev driver=file,node-name=x,filename=/c.img "
        "-drive if=none -netdev tap,id=n0,ifname=tap0 -device virtio-net,netdev=n0"
    )
    assert machine_of(command.split()) == Machine(
        uuid=WEB,
        name="web",
        smbios=Smbios(product="OpenStack", serial="s", uuid=WEB, asset_tag="tag"),
        drives=("/a,b.img", "/seed.iso", "/c.img"),
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["-uuid", str(WEB)],
        ["--uuid", str(WEB)],
        ["-smbios", f"type=1,uuid={WEB}"],
        ["-uuid", str(BARE), "-smbios", f"type=1,uuid={WEB}"],
    ],
)
def test_uuid(arguments: list[str]) -> None:
    """As QEMU does it, the last word counts."""
    assert WEB == machine_of(arguments).guest_uuid


def test_plain_name() -> None:
    assert "web" == machine_of(["-uuid", str(WEB), "-name", "web"]).name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the VM has no uuid: start QEMU with -uuid, which is also its guest's SMBIOS UUID"),
        (["-uuid", "x"], "the VM's uuid is none: 'x'"),
    ],
)
def test_no_uuid(arguments: list[str], message: str) -> None:
    with pytest.raises(MachineError) as caught:
        machine_of(arguments)

    assert message == str(caught.value)
