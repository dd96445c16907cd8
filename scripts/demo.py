"""The demonstration that `scripts/demo` runs in a throw-away host.

A bridge with three guests: two have the same MAC and the same IPv4 address, the third has no IPv4 at all.
Each is a network namespace whose end of a veth pair stands for the VM's NIC, the other end for its tap.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

EVE_META = Path(sys.executable).with_name("eve-meta")
SAME_MAC = "02:00:00:00:00:05"
IPV4 = "169.254.169.254"
LINK_LOCAL = "[fe80::a9fe:a9fe%25eth0]"
DOCUMENT = """\
uuid: {uuid}
name: {name}
hostname: {name}.example.org
availability_zone: demo-1a
public_keys:
  alice: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemo{name} alice
user_data: |
  #cloud-config
  final_message: {name} is up
"""
ROW = "{:<6} {:<17} {:<12} {:<16} {:<18} {:<18} {:<11} {:<12} {:>8} {:>8}"


class Guest(NamedTuple):
    """One guest: its name, its tap, its MAC, its IPv4 address if any, and where it asks."""

    name: str
    tap: str
    mac: str
    address: str | None
    asks: str

    @property
    def uuid(self) -> str:
        """The VM's, as its SMBIOS would tell."""
        return f"5ec7a5e2-0000-4000-8000-{self.tap.encode().hex():>012}"


GUESTS = (
    Guest("red", "tap0", SAME_MAC, "10.0.0.5/24", IPV4),
    Guest("green", "tap1", SAME_MAC, "10.0.0.5/24", IPV4),
    Guest("blue", "tap2", "02:00:00:00:00:06", None, LINK_LOCAL),
)


def run(*command: str | Path, given: str | None = None) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_network() -> None:
    """Make a bridge, and on it the guests."""
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "link", "set", "br0", "up")
    for guest in GUESTS:
        run("ip", "netns", "add", guest.name)
        nic = ("peer", "name", "eth0", "address", guest.mac, "netns", guest.name)
        run("ip", "link", "add", guest.tap, "type", "veth", *nic)
        run("ip", "link", "set", guest.tap, "master", "br0", "up")
        run("ip", "-n", guest.name, "link", "set", "eth0", "up")
        if guest.address:
            run("ip", "-n", guest.name, "addr", "add", guest.address, "dev", "eth0")
            run("ip", "-n", guest.name, "route", "add", f"{IPV4}/32", "dev", "eth0")


@contextmanager
def agent(directory: Path) -> Iterator[tuple[str, Path]]:
    """A running agent: the option that its commands need."""
    run_dir = directory / "run"
    log = (directory / "log").open("wb")
    arguments = ("--state-dir", directory / "state", "--run-dir", run_dir)
    process = subprocess.Popen([EVE_META, "agent", *arguments], stderr=log)
    try:
        while not (run_dir / "control.sock").exists():
            if process.poll() is not None:
                sys.exit((directory / "log").read_text(encoding="utf-8"))
            time.sleep(0.05)
        yield "--run-dir", run_dir
    finally:
        process.terminate()
        process.wait(30)


def ask(guest: Guest, path: str) -> str:
    """What a guest reads at a path, from inside; it tries until its own link-local address is ready."""
    url = f"http://{guest.asks}{path}"
    retry = ("--retry", "20", "--retry-delay", "1", "--retry-all-errors", "--connect-timeout", "2")
    return run("ip", "netns", "exec", guest.name, "curl", "--silent", "--show-error", "--fail", *retry, url)


def show(guest: Guest, control: tuple[str, Path]) -> None:
    """Attach a guest, and print what it then reads."""
    document = DOCUMENT.format(uuid=guest.uuid, name=guest.name)
    started = time.monotonic()
    run(EVE_META, "attach", *control, guest.tap, "-", given=document)
    command_ms = (time.monotonic() - started) * 1000
    agent_ms = json.loads(run(EVE_META, "show", *control, guest.tap, "--json"))["took_ms"]
    meta_data = json.loads(ask(guest, "/openstack/latest/meta_data.json"))
    print(
        ROW.format(
            guest.name,
            guest.mac,
            guest.address or "none",
            guest.asks.strip("[]").partition("%")[0],
            meta_data["hostname"],
            ask(guest, "/latest/meta-data/hostname"),
            ask(guest, "/latest/meta-data/instance-id"),
            ask(guest, "/latest/user-data").splitlines()[1].partition(": ")[2],
            f"{agent_ms:.0f} ms",
            f"{command_ms:.0f} ms",
        )
    )


def main() -> None:
    """Attach, show, detach, and see that nothing is left."""
    print("Three guests on one bridge; nothing but their ports tells the first two apart.\n")
    header = ("guest", "MAC", "IPv4", "asks at", "OpenStack hostname", "EC2 hostname", "EC2 id", "user data")
    print(ROW.format(*header, "attach", "command"))
    with tempfile.TemporaryDirectory() as directory, agent(Path(directory)) as control:
        make_network()
        for guest in GUESTS:
            show(guest, control)
        print("(attach: in the agent; the first waits for the servers to start. command: the whole process)")
        print("\n" + run(EVE_META, "list", *control))
        for guest in GUESTS:
            print(run(EVE_META, "detach", *control, guest.tap), end="")
        left = [line for line in run("ip", "netns").splitlines() if line.startswith("eve-meta-")]
        print(f"\nLeft in the kernel: {', '.join(left) or 'nothing'}.")


if __name__ == "__main__":
    main()
