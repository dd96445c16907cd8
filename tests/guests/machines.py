"""A machine around a guest: hardware, a root and processes of its own, to boot real software in."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from attrs import asdict, frozen

from tests.hosts import Guest, run

# What an image's maker decides; the rest is Debian's.
IMAGE = """\
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
resize_rootfs: false
growpart: {mode: "off"}
system_info: {network: {renderers: [networkd]}}
"""

_FIRST_PROCESS = Path(__file__).with_name("init.sh")
_ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")


@frozen(kw_only=True)
class Hardware:
    """What a machine's firmware says of it, as the files of /sys/class/dmi/id."""

    product_uuid: str
    product_name: str = "Standard PC"
    product_serial: str = ""
    sys_vendor: str = "QEMU"
    chassis_asset_tag: str = ""

    @classmethod
    def openstack(cls, uuid: str) -> Self:
        """As nova makes it."""
        return cls(product_uuid=uuid, product_name="OpenStack Compute")

    @classmethod
    def aws(cls, uuid: str) -> Self:
        """As AWS makes it; the uuid begins with ec2."""
        return cls(product_uuid=uuid, product_serial=uuid)


@frozen
class Machine:
    """One that runs; its first process has this number on the host."""

    _pid: int

    def run(self, *command: str) -> str:
        """What a program prints that runs in it; it must succeed."""
        entered = ("nsenter", "--target", str(self._pid), "--all", "--root", "--wd")
        return run(*entered, *_ENVIRONMENT, *command)

    def start(self, *command: str) -> None:
        """Run a program in it that goes on until the machine is switched off."""
        self.run("sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *command)

    def read(self, path: str) -> str:
        """The text of one of its files; empty if there is none."""
        return self.run("sh", "-c", 'cat "$1" 2>/dev/null || true', "sh", path)

    def write(self, path: str, text: str) -> None:
        """Give it a file."""
        Path(f"/proc/{self._pid}/root{path}").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def switched_on(guest: Guest, directory: Path, hardware: Hardware) -> Iterator[Machine]:
    """A machine behind a guest's NIC; all that it made is gone afterwards.

    Args:
        guest: whose network it has.
        directory: an empty one, where its root is mounted.
        hardware: what its firmware says.
    """
    spaces = ("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
    command = ("ip", "netns", "exec", guest.name, *spaces, str(_FIRST_PROCESS), str(directory))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "up\n"
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            machine = Machine(int(children.read_text(encoding="ascii")))
            for name, value in asdict(hardware).items():
                machine.write(f"/sys/class/dmi/id/{name}", f"{value}\n")
            machine.write("/etc/cloud/cloud.cfg.d/99-image.cfg", IMAGE)
            yield machine
        finally:
            process.kill()
