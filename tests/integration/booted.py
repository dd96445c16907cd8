"""A guest of libvirt with a kernel of its own, which does nothing but ask for its metadata."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import frozen

from tests.hosts import IPV4
from tests.integration.libvirt import Libvirt
from tests.support import soon
from tests.vms import BOOT_SECONDS, KERNEL, make_initramfs

HOSTNAME = "web.example.org"
PASSWORD = "posted"
ANSWERS = 5

# A request that comes to no end is given up, and the next one made. What it says is JSON, a line for each.
_SCRIPT = f"""\
ip link set eth0 up
ip addr add 10.0.0.5/24 dev eth0
ip route add {IPV4}/32 dev eth0
ask() {{ timeout 5 wget -q -O - "$@"; }}
password=http://{IPV4}/openstack/latest/password
until [ "$(ask $password)" ]; do ask --post-data {PASSWORD} $password || sleep 0.1; done
echo up
while :; do
    answer=$(ask http://{IPV4}/openstack/latest/meta_data.json) || answer=null
    echo "{{\\"answer\\": $answer, \\"neighbour\\": \\"$(ip neigh show {IPV4})\\"}}"
done
"""
_DOMAIN = f"""
<domain type='qemu'>
  <name>web</name>
  <uuid>6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11</uuid>
  <metadata>
    <eve:document xmlns:eve='urn:eve-meta:document:1'>hostname: {HOSTNAME}</eve:document>
  </metadata>
  <memory unit='MiB'>96</memory>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{{kernel}}</kernel>
    <initrd>{{initramfs}}</initrd>
    <cmdline>console=ttyS0 loglevel=1</cmdline>
  </os>
  <devices>
    <interface type='bridge'><source bridge='br0'/><model type='virtio'/><rom enabled='no'/></interface>
    <interface type='ethernet'><target dev='tapx'/><model type='virtio'/><rom enabled='no'/></interface>
    <serial type='file'><source path='/var/log/libvirt/console'/></serial>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""


@frozen
class Heard:
    """What the guest was answered; None: it was not.

    Attributes:
        neighbour: what its kernel knew of the metadata address then.
    """

    answer: dict[str, object] | None
    neighbour: str


def domain(directory: Path) -> str:
    """The guest's definition; its files are in an empty directory."""
    return _DOMAIN.format(kernel=KERNEL / "vmlinuz", initramfs=make_initramfs(directory, _SCRIPT))


def console_of(libvirt: Libvirt) -> Path:
    """Where a libvirt has written what the guest says."""
    return libvirt.directory / "var" / "log" / "console"


def console(libvirt: Libvirt) -> str:
    """What the guest has said while it ran at a libvirt's host."""
    path = console_of(libvirt)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def heard(said: str) -> list[Heard]:
    """What a guest has said on its console up to its last whole line."""
    whole = said[: said.rfind("\n") + 1]
    return [Heard(**json.loads(line)) for line in whole.splitlines() if line.startswith("{")]


def answered(hear: Callable[[], list[Heard]]) -> bool:
    """Whether the guest is answered again and again from now on; it waits for that."""

    def count() -> int:
        return len([each for each in hear() if each.answer])

    before = count()
    return soon(lambda: count() >= before + ANSWERS, BOOT_SECONDS)


def without_seed(answer: Mapping[str, object]) -> dict[str, object]:
    """All of an answer that is not fresh each time."""
    return {key: value for key, value in answer.items() if key != "random_seed"}
