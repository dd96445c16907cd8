"""What `scripts/package` makes: each package is installed, and used as its users do."""

import base64
import json
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents import RED
from tests.hosts import HOSTNAME, Guest, Host
from tests.integration.asking import repeating
from tests.machines import ROOT, Machine, booted
from tests.packages import Packages, build, installed_by_pip, run
from tests.support import need_programs, need_sandbox, soon

pytestmark = pytest.mark.timeout(900)  # for the build, on a machine that does something else too

UNIT = "eve-meta.service"
PACKAGE = "/tmp/package.deb"
RESTART_SECONDS = 20
PAUSE_SECONDS = 0.02
"""An installation takes so long that a guest which asks without any is told to ask less."""

EXAMPLE = str(ROOT / "docs" / "example.yaml")
OURS = ("find", "/", "-xdev", "-path", "/proc", "-prune", "-o", "-name", "*eve?meta*", "-print")
"""Prints all that is there by our name; the checkout is mounted, and not looked into."""

HELD_BY_OTHERS = ("/var/lib/systemd", "/var/lib/dpkg", "/var/log")
"""What keeps account of packages that were there."""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """All packages, built once."""
    need_sandbox()
    return build(tmp_path_factory.mktemp("packages"))


class Debian:
    """A machine, the package for it, and what was there by our name before."""

    def __init__(self, machine: Machine, package: Path) -> None:
        self.machine = machine
        machine.do(
            "rm", "-f", "/usr/sbin/policy-rc.d"
        )  # by which a container says that nothing is to be started
        # What an agent has left on the real machine would be purged with the package.
        machine.do("rm", "-rf", "/var/lib/eve-meta", "/etc/eve-meta")
        self.before = self.ours()
        text = base64.encodebytes(package.read_bytes()).decode()
        machine.do("sh", "-c", f"base64 -d >{PACKAGE}", given=text)

    def ours(self) -> set[str]:
        """What is there by our name."""
        found = self.machine.do(*OURS).splitlines()
        return {path for path in found if not path.startswith(HELD_BY_OTHERS)}

    def install(self) -> None:
        """Install the package, or once more."""
        self.machine.do("dpkg", "--install", PACKAGE)


@pytest.fixture(scope="module")
def debian(packages: Packages) -> Iterator[Debian]:
    """A machine with the Debian package installed."""
    with booted() as machine:
        made = Debian(machine, packages.debian)
        made.install()
        yield made


@pytest.fixture
def machine(debian: Debian) -> Machine:
    """The same, where a test asks for no more."""
    return debian.machine


@pytest.fixture
def red(host: Host, machine: Machine) -> Iterator[Guest]:
    """A guest that is attached as RED."""
    guest = host.guest("red", "tap0")
    machine.do("eve-meta", "attach", "tap0", "-", given=json.dumps(RED))
    yield guest
    machine.do("eve-meta", "detach", "tap0")


class TestPython:
    """The wheel, and the source package."""

    @pytest.mark.parametrize("kind", ["wheel", "source"])
    def test_installed(self, packages: Packages, tmp_path: Path, kind: str) -> None:
        """It works in an environment where there is nothing else."""
        programs = installed_by_pip(getattr(packages, kind), tmp_path / "venv")
        program = str(programs / "eve-meta")
        (version,) = run("sed", "-n", 's/^ *version="\\(.*\\)",/\\1/p', str(ROOT / "setup.py")).split()

        assert f"eve-meta {version}\n" == run(program, "--version")
        assert run(program, "--help").startswith("Usage: eve-meta ")
        assert "/openstack/latest/meta_data.json" in run(program, "render", EXAMPLE).splitlines()
        places = run(
            str(programs / "python"),
            "-c",
            "import eve_meta, netns; print(*eve_meta.__path__, *netns.__path__)",
        )
        assert [True, True] == [(Path(place) / "py.typed").exists() for place in places.split()]
        assert list((tmp_path / "venv").glob("lib/*/site-packages/eve_meta-*.dist-info/licenses/LICENSE"))

    def test_wheel_is_no_more(self, packages: Packages) -> None:
        """Neither tests nor scripts are in it."""
        with zipfile.ZipFile(packages.wheel) as archive:
            top = {name.partition("/")[0] for name in archive.namelist()}

        assert {"eve_meta", "netns", f"{packages.wheel.name.partition('-py3')[0]}.dist-info"} == top

    def test_source_is_all(self, packages: Packages) -> None:
        """All that git has is in it, but for git's own file."""
        listed = run("git", "-C", str(ROOT), "ls-files").split()
        with tarfile.open(packages.source) as archive:
            has = {name.partition("/")[2] for name in archive.getnames()}

        assert {".gitignore"} == {*listed} - has

    def test_index_takes_them(self, packages: Packages) -> None:
        """An index would show them as they are meant."""
        run(sys.executable, "-m", "twine", "check", "--strict", str(packages.wheel), str(packages.source))


class TestDebian:
    """The Debian package, in the order of its life."""

    def test_nothing_to_complain(self, packages: Packages) -> None:
        """Lintian finds neither errors nor warnings."""
        need_programs("lintian")
        assert "" == run("lintian", "--allow-root", "--fail-on=error,warning", str(packages.debian))

    def test_runs(self, machine: Machine, red: Guest) -> None:
        """The service is up, is started with the machine, and answers a guest."""
        assert "enabled\n" == machine.do("systemctl", "is-enabled", UNIT)
        assert "active" == machine.property(UNIT, "ActiveState")
        assert "/usr/bin/eve-meta\n" == machine.do("which", "eve-meta")
        assert red.read(HOSTNAME) == "red"

    def test_unit(self, machine: Machine) -> None:
        """Systemd finds nothing wrong with it."""
        done = machine.run("systemd-analyze", "verify", UNIT)
        assert (0, []) == (done.returncode, [line for line in done.stderr.splitlines() if UNIT in line])

    def test_pages(self, machine: Machine) -> None:
        """`man` finds the pages."""
        for name, section in (("eve-meta", 1), ("eve-meta-attach", 1), ("eve-meta-document", 5)):
            assert machine.do("man", "-w", name) == f"/usr/share/man/man{section}/{name}.{section}.gz\n"

    def test_completion(self, machine: Machine) -> None:
        """A shell finds what completes `eve-meta` once somebody types it."""
        script = (
            ". /usr/share/bash-completion/bash_completion; _completion_loader eve-meta; complete -p eve-meta"
        )
        assert "-F _eve_meta_completion eve-meta" in machine.do("bash", "-c", script)

    @pytest.mark.usefixtures("red")
    def test_completed_interface(self, machine: Machine) -> None:
        asked = ("COMP_WORDS=eve-meta show ", "COMP_CWORD=2", "_EVE_META_COMPLETE=bash_complete")
        assert "plain,tap0\n" == machine.do("env", *asked, "eve-meta")

    def test_modules_are_compiled(self, machine: Machine) -> None:
        """So that no start of the agent writes beside the package's files."""
        sources, compiled = (
            machine.do("find", "/usr/lib/eve-meta/lib/", "-path", f"*/eve_meta/{pattern}").count("\n")
            for pattern in ("*.py", "*.cpython-*.pyc")
        )
        assert 0 < sources == compiled

    def test_upgrade(self, debian: Debian, machine: Machine, red: Guest) -> None:
        """Meanwhile a guest that asks again and again is answered: the agent is replaced in its process."""
        process, starts = machine.property(UNIT, "MainPID"), started(machine)

        def ask() -> None:
            red.read(HOSTNAME)
            time.sleep(PAUSE_SECONDS)

        with repeating(ask) as failures:
            debian.install()
            assert soon(lambda: started(machine) > starts, RESTART_SECONDS)
        assert failures == []
        assert process == machine.property(UNIT, "MainPID")

    def test_remove(self, machine: Machine) -> None:
        """The service ends; documents, and what an operator may have changed, are kept."""
        machine.do("touch", "/etc/eve-meta/vms/web.yaml")
        machine.do("dpkg", "--remove", "eve-meta")

        assert machine.property(UNIT, "ActiveState") == "inactive"
        machine.do(
            "ls", "/etc/eve-meta/vms/web.yaml", "/var/lib/eve-meta", "/etc/libvirt/hooks/qemu.d/eve-meta"
        )
        assert machine.run("test", "-e", "/usr/lib/eve-meta").returncode == 1

    def test_purge(self, debian: Debian, machine: Machine) -> None:
        """Nothing is left."""
        machine.do("dpkg", "--purge", "eve-meta")

        assert debian.before == debian.ours()


def started(machine: Machine) -> int:
    """How often the agent has told that it is ready."""
    return machine.do("journalctl", "--output=cat", "--unit", UNIT).count("ready: ")
