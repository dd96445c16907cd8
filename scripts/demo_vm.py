"""What `scripts/demo --vm` runs in a throw-away host: a virtual machine boots, and its timeline is shown.

It has a kernel of its own, and asks some of what a cloud-init asks. Its processor is emulated.
"""

import subprocess
import tempfile
from pathlib import Path

from scripts.demo import DOCUMENT, EVE_META, IPV4, agent, run

KERNEL = Path(".venv/kernel")
TAP = "tap0"
UUID = "5ec7a5e2-0000-4000-8000-000074617030"
BOOT_SECONDS = 120
SCRIPT = f"""\
say() {{ echo "[$(cut -d' ' -f1 /proc/uptime) s] $*"; }}
say "Linux $(uname -r), $(cat /sys/class/dmi/id/product_name)"
ip link set eth0 up
ip addr add 10.0.0.5/24 dev eth0
ip route add {IPV4}/32 dev eth0
ask() {{ wget -q -U Demo-VM -O - "http://{IPV4}$1" 2>/dev/null; }}
ask /openstack >/dev/null
ask /latest/meta-data/nothing >/dev/null
say "hostname: $(ask /latest/meta-data/hostname)"
say "meta_data.json: $(ask /openstack/latest/meta_data.json | cut -c 1-90)…"
say "user data: $(ask /openstack/latest/user_data)"
poweroff -f
"""
QEMU = (
    *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
    *("-accel", "tcg", "-m", "96", "-serial", "stdio", "-append", "console=ttyS0 loglevel=1 panic=-1"),
    *("-smbios", f"type=1,uuid={UUID},product=OpenStack Compute"),
    *("-netdev", f"tap,id=nic,ifname={TAP},script=no,downscript=no"),
    *("-device", "virtio-net-pci,netdev=nic,romfile="),
)


def boot(directory: Path) -> str:
    """What a virtual machine says from when it is switched on until it is off."""
    initramfs = directory / "initramfs"
    run("scripts/guest-initramfs", KERNEL, "/dev/stdin", initramfs, given=SCRIPT)
    command = [*QEMU, "-kernel", str(KERNEL / "vmlinuz"), "-initrd", str(initramfs)]
    booted = subprocess.run(command, capture_output=True, text=True, timeout=BOOT_SECONDS, check=True)
    return booted.stdout


def main() -> None:
    """Attach, boot, show, detach."""
    print("A virtual machine whose tap is on a bridge.\n")
    with tempfile.TemporaryDirectory() as name, agent(Path(name)) as control:
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "tuntap", "add", TAP, "mode", "tap")
        run("ip", "link", "set", "br0", "up")
        run("ip", "link", "set", TAP, "master", "br0", "up")
        run(EVE_META, "attach", *control, TAP, "-", given=DOCUMENT.format(uuid=UUID, name="web"))
        print(boot(Path(name)))
        for verb in ("show", "timeline", "detach"):
            print("#", "eve-meta", verb, TAP)
            print(run(EVE_META, verb, *control, TAP))


if __name__ == "__main__":
    main()
