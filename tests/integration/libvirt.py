"""A real libvirt daemon with empty directories of its own, and hooks that tell what they see."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from attrs import define, field

from tests.hosts import run
from tests.support import soon

ROOT = Path(__file__).parents[2]
START_SECONDS = 20

# What needs a host that is its own: cgroups, users, security modules, a log daemon.
CONFIGURATION = """
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
START = """
for each in /etc /var/lib /var/log /var/cache; do
    mkdir -p "$1$each"
    mount --bind "$1$each" "$each/libvirt"
done
exec libvirtd
"""

# Comes after ours by its name, and tells what is attached and whether QEMU runs then.
WITNESS = """\
#!/bin/sh
[ -e /run/libvirt/qemu/web.pid ] && qemu=true || qemu=false
list=$(timeout 1 eve-meta list --json) || list=null
echo {{\\"at\\": \\"$2\\", \\"qemu\\": $qemu, \\"list\\": $list}}, >>{testimony}
"""


@define
class Libvirt:
    """A daemon, and what its hooks say.

    Attributes:
        directory: an empty one, whose parts stand in the place of the system's.
        where: the command that enters the host that it is of, if that is not this one.
    """

    directory: Path
    where: tuple[str, ...] = ()
    _daemon: "subprocess.Popen[bytes] | None" = field(init=False, default=None)

    @property
    def log(self) -> str:
        """What the hooks have told the system's log."""
        return (self.directory / "log").read_text(encoding="utf-8")

    def install(self, limit_seconds: int) -> None:
        """Put the hook in place with another limit, a witness behind it, and a log to read."""
        hooks = self.directory / "etc" / "hooks" / "qemu.d"
        hooks.mkdir(parents=True)
        (hooks.parents[1] / "qemu.conf").write_text(CONFIGURATION, encoding="ascii")
        (hooks.parents[1] / "libvirtd.conf").write_text(f'host_uuid = "{uuid4()}"\n', encoding="ascii")
        script = (ROOT / "scripts" / "hooks" / "libvirt").read_text(encoding="utf-8")
        assert " -k 1 10 " in script
        write_program(hooks / "eve-meta", script.replace(" -k 1 10 ", f" -k 1 {limit_seconds} "))
        write_program(hooks / "witness", WITNESS.format(testimony=self.directory / "testimony"))
        logger = f"{shutil.which('logger')} --no-act --socket-errors=off -s"
        write_program(self.directory / "logger", f'#!/bin/sh\nexec {logger} "$@" 2>>{self.directory}/log\n')

    def start(self) -> None:
        """Start the daemon, and return when it can be asked."""
        path = f"{self.directory}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        with (self.directory / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [*self.where, "unshare", "--mount", "--", "sh", "-ec", START, "sh", str(self.directory)],
                env={**os.environ, "PATH": path},
                stdout=log,
                stderr=log,
            )
        assert soon(lambda: self.try_virsh("uri").returncode == 0, START_SECONDS)

    def stop(self) -> None:
        """End the daemon; its VMs go on."""
        if self._daemon:
            self._daemon.terminate()
            self._daemon.wait()
            self._daemon = None

    def virsh(self, *arguments: str, given: str | None = None) -> str:
        """What virsh prints, which asks this daemon; it must succeed."""
        return run(*self.where, "virsh", *arguments, given=given)

    def try_virsh(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run virsh, whatever comes of it."""
        return subprocess.run([*self.where, "virsh", *arguments], capture_output=True, text=True, check=False)

    def forget(self) -> None:
        """What was said before is no matter of this test."""
        (self.directory / "log").write_text("", encoding="utf-8")
        (self.directory / "testimony").unlink(missing_ok=True)

    def testimony(self) -> list[dict[str, Any]]:
        """What the witness has seen, in the order of time; it is heard once."""
        path = self.directory / "testimony"
        seen: list[dict[str, Any]] = json.loads(f"[{path.read_text(encoding='utf-8').strip().rstrip(',')}]")
        path.unlink()
        return seen


def states(listed: Mapping[str, Any]) -> dict[str, str]:
    """The state of each interface that is attached, of what `eve-meta list` tells."""
    return {each["interface"]: each["state"] for each in listed["interfaces"]}


def write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
