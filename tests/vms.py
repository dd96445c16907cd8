"""Virtual machines with a kernel of their own, Debian's for clouds, and a few files: they boot in seconds."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from tests.hosts import MAC, run
from tests.support import need_programs, refuse, soon

ROOT = Path(__file__).parents[1]
KERNEL = ROOT / ".venv" / "kernel"
"""Where `scripts/prepare` has unpacked it."""

VHOST = Path("/dev/vhost-net")
"""Where a kernel has it, frames go between guest and tap without QEMU."""

BOOT_SECONDS = 120
"""Of a VM among others, on a machine that emulates all their processors."""

_MEMORY_MIB = 96


@frozen
class VM:
    """One that runs, or has run.

    Attributes:
        tap: the host's end of its NIC.
    """

    tap: str
    _process: "subprocess.Popen[bytes]"
    _console: Path

    def said(self) -> str:
        """What it has written to its console up to its last whole line."""
        text = self._console.read_text(encoding="utf-8", errors="replace")
        return text[: text.rfind("\n") + 1]

    def is_off(self) -> bool:
        """Whether it has switched itself off, which is waited for."""
        return soon(lambda: self._process.poll() is not None, BOOT_SECONDS)


def need_kernel() -> None:
    """Skip the test where there is none for virtual machines."""
    if not KERNEL.exists():
        refuse(f"there is no {KERNEL}: scripts/prepare test")


def make_initramfs(directory: Path, script: str) -> Path:
    """What a VM does, as files that a kernel takes: a script of busybox's shell, once there is a NIC."""
    need_programs("busybox")
    need_kernel()
    made = directory / "initramfs"
    run(str(ROOT / "scripts" / "guest-initramfs"), str(KERNEL), "/dev/stdin", str(made), given=script)
    return made


@contextmanager
def switched_on(tap: str, initramfs: Path, directory: Path, *, mtu: int = 1500) -> Iterator[VM]:
    """A VM under QEMU, by software alone: it is to run wherever the tests do.

    Args:
        tap: where its NIC is.
        initramfs: its files.
        directory: where it may leave files, too.
        mtu: of its NIC; the tap has it already.
    """
    need_programs("qemu-system-x86_64")
    console = directory / f"{tap}.console"
    console.touch()
    # QEMU's own choice of offloads: TCP segments larger than the MTU, and checksums that are left to be made.
    nic = f"virtio-net-pci,netdev=nic,mac={MAC},host_mtu={mtu},romfile="
    vhost = "on" if VHOST.exists() else "off"
    command = [
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-accel", "tcg", "-m", str(_MEMORY_MIB), "-serial", f"file:{console}"),
        *("-netdev", f"tap,id=nic,ifname={tap},script=no,downscript=no,vhost={vhost}", "-device", nic),
        *("-kernel", str(KERNEL / "vmlinuz"), "-initrd", str(initramfs)),
        *("-append", "console=ttyS0 loglevel=1 panic=-1"),
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            yield VM(tap, process, console)
        finally:
            process.kill()
