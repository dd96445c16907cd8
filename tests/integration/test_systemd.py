"""The service on a machine that systemd runs: installed by one command, supervised, found in the journal."""

import json
import signal
from collections.abc import Iterator

import pytest

from tests.agents import GREEN, RED
from tests.hosts import HOSTNAME, Guest, Host
from tests.integration.asking import asking
from tests.machines import ROOT, Machine, booted
from tests.support import need_sandbox, soon

INSTALL = str(ROOT / "scripts" / "install")
UNIT = "eve-meta.service"
CONFIG = "/etc/eve-meta/config.yaml"
RESTART_SECONDS = 20
SILENCE_SECONDS = 2

EXPOSURE_MAX = 49
"""In tenths, as `systemd-analyze security` has it: 100 for a service without any sandbox."""

CAPABILITIES = {5, 6, 7, 8, 11, 12, 13, 18, 21}
"""KILL, SETGID, SETUID, SETPCAP, NET_BROADCAST, NET_ADMIN, NET_RAW, SYS_CHROOT, SYS_ADMIN.

Source: linux/capability.h.
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with the service installed."""
    need_sandbox()
    with booted() as made:
        made.do(INSTALL)
        yield made


@pytest.fixture
def red(host: Host, machine: Machine) -> Iterator[Guest]:
    """A guest that is attached as RED."""
    guest = host.guest("red", "tap0")
    attach(machine, "tap0", RED)
    yield guest
    machine.do("eve-meta", "detach", "tap0")


def attach(machine: Machine, interface: str, document: dict[str, str]) -> None:
    """Attach an interface."""
    machine.do("eve-meta", "attach", interface, "-", given=json.dumps(document))


def agent_of(machine: Machine) -> str:
    """The agent's process, as it is known there."""
    return machine.property(UNIT, "MainPID")


def is_up_again(machine: Machine, before: str) -> bool:
    """Whether an agent is ready that is not the one before."""
    state = (machine.property(UNIT, "ActiveState"), machine.property(UNIT, "SubState"))
    return state == ("active", "running") and agent_of(machine) != before


def end(machine: Machine, number: int) -> None:
    """Send the agent a signal, and return when another agent is ready."""
    before = agent_of(machine)
    machine.do("kill", f"-{number}", before)
    assert soon(lambda: is_up_again(machine, before), RESTART_SECONDS), log(machine)


def log(machine: Machine) -> str:
    """What the service has said."""
    return machine.do("journalctl", "--output=cat", "--unit", UNIT)


def test_ready(machine: Machine, red: Guest) -> None:
    """The service is there after a start of the machine, is up, and does its job in its sandbox."""
    assert machine.do("systemctl", "is-enabled", UNIT) == "enabled\n"
    assert machine.property(UNIT, "ActiveState") == "active"
    assert red.read(HOSTNAME) == "red"


@pytest.mark.usefixtures("red")
def test_namespaces_are_for_all(machine: Machine) -> None:
    """What the agent mounts is there for the whole machine: the sandbox does not hide it."""
    assert "eve-meta-tap0" in machine.do("ip", "netns", "list")


def test_sandbox(machine: Machine) -> None:
    """The agent has the capabilities that its job needs and no other, nor can it gain any."""
    lines = machine.do("cat", f"/proc/{agent_of(machine)}/status").splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    bounding = int(status["CapBnd"], base=16)

    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert CAPABILITIES == {number for number in range(64) if bounding >> number & 1}


def test_unit(machine: Machine) -> None:
    """Systemd finds nothing wrong with the unit, and the service less exposed than most."""
    done = machine.run("systemd-analyze", "verify", UNIT)
    assert (0, "") == (done.returncode, "".join(line for line in done.stderr.splitlines() if UNIT in line))
    machine.do("systemd-analyze", "security", f"--threshold={EXPOSURE_MAX}", UNIT)


def test_journal(host: Host, machine: Machine, red: Guest) -> None:
    """Of one interface, or of one VM, the journal shows what agent and server say, and nothing else."""
    del red
    host.guest("green", "tap1")
    attach(machine, "tap1", GREEN)
    machine.do("eve-meta", "detach", "tap1")

    for field in ("EVE_META_INTERFACE=tap0", f"EVE_META_VM={RED['uuid']}"):
        said = machine.do("journalctl", "--output=cat", "--unit", UNIT, field).splitlines()
        assert any(line.startswith("tap0: answered as VM") for line in said), said
        assert any(line.startswith("tap0: open, revision") for line in said), said
        assert [line for line in said if not line.startswith("tap0: ")] == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_agent_dies(machine: Machine, red: Guest, number: int) -> None:
    """A guest that asks again and again while the agent ends, and is started again, is answered each time."""
    with asking(red) as failures:
        end(machine, number)
    assert failures == []


def test_half_way(machine: Machine, red: Guest) -> None:
    """A guest that is half-way through its request when the agent is killed is answered."""
    before = agent_of(machine)
    with red.connect() as connection:
        connection.sendall(b"GET /latest/meta-data/hostname HTTP/1.0\r\n")
        machine.do("kill", "-KILL", before)
        connection.sendall(b"\r\n")
        assert connection.makefile("rb").read().endswith(b"\r\n\r\nred")
    assert soon(lambda: is_up_again(machine, before), RESTART_SECONDS), log(machine)


def test_restart(machine: Machine, red: Guest) -> None:
    """A guest that asks again and again while the service is restarted is answered each time."""
    with asking(red) as failures:
        machine.do("systemctl", "restart", UNIT)
    assert failures == []


def test_reload(machine: Machine, red: Guest) -> None:
    """Reloaded, the agent is replaced in its process, while a guest that asks again and again is answered."""
    process, ready = agent_of(machine), log(machine).count("ready: ")
    with asking(red) as failures:
        machine.do("systemctl", "reload", UNIT)
        assert soon(lambda: log(machine).count("ready: ") > ready, RESTART_SECONDS), log(machine)
        assert soon(lambda: machine.property(UNIT, "ActiveState") == "active", RESTART_SECONDS)
    assert failures == []
    assert process == agent_of(machine)


def test_reload_with_a_wrong_configuration(machine: Machine, red: Guest) -> None:
    """Where the configuration is wrong the reload fails, says why, and the agent goes on."""
    process, configuration = agent_of(machine), machine.do("cat", CONFIG)
    machine.do("tee", CONFIG, given="servrs: 3\n")
    done = machine.run("systemctl", "reload", UNIT)
    machine.do("tee", CONFIG, given=configuration)

    assert done.returncode != 0
    assert f"{CONFIG}:1: servrs: is not a setting; did you mean 'servers'?" in log(machine)
    assert process == agent_of(machine)
    assert red.read(HOSTNAME) == "red"


def test_journal_is_restarted(machine: Machine, red: Guest) -> None:
    """What a server says after a restart of the journal is found in it, too."""

    def said() -> str:
        return machine.do("journalctl", "--output=cat", "EVE_META_LOGGER=eve_meta.server.doors.Doors")

    opened = said().count("tap0: open")
    machine.do("systemctl", "restart", "systemd-journald.service")
    attach(machine, "tap0", GREEN)

    assert red.read(HOSTNAME) == "green"
    assert soon(lambda: said().splitlines()[-1].startswith("tap0: open"))
    assert said().count("tap0: open") == opened + 1


def test_hangs(machine: Machine, red: Guest) -> None:
    """An agent that hangs is killed and started again."""
    settings = f"[Service]\nWatchdogSec={SILENCE_SECONDS}\n"
    machine.do("install", "-D", "/dev/stdin", f"/run/systemd/system/{UNIT}.d/test.conf", given=settings)
    machine.do("systemctl", "daemon-reload")
    machine.do("systemctl", "restart", UNIT)
    before = agent_of(machine)
    machine.do("kill", "-STOP", before)

    assert soon(lambda: is_up_again(machine, before), RESTART_SECONDS), log(machine)
    assert "Watchdog timeout" in log(machine)
    assert red.read(HOSTNAME) == "red"


def test_install_again(machine: Machine, red: Guest) -> None:
    """Installed over itself the service is up, and answers."""
    before = agent_of(machine)
    machine.do(INSTALL)

    assert is_up_again(machine, before)
    assert red.read(HOSTNAME) == "red"


def test_remove(machine: Machine) -> None:
    """Removed, the service is gone with all that was put in place; what is left is named."""
    machine.do("touch", "/etc/eve-meta/vms/web.yaml")
    said = machine.do(INSTALL, "--remove").splitlines()

    assert said[-2:] == ["install: left /etc/eve-meta/vms", "install: left /var/lib/eve-meta"]
    assert machine.property(UNIT, "LoadState") == "not-found"
    gone = ("/opt/eve-meta", "/usr/local/bin/eve-meta", "/etc/libvirt/hooks/qemu.d/eve-meta", "/run/eve-meta")
    assert [each for each in gone if machine.run("test", "-e", each).returncode == 0] == []
