"""What hooks do, and what they tell the log, with what libvirt, QEMU and Xen give them."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.unit.cli.commands import ENVIRONMENT, PYTHON, Agent, Ran, eve_meta, running_agent
from tests.unit.hooks.recorded import BARE, WEB, recorded

PORTS = ("vnet0", "vnet2", "tapx", "vif7.1", "vif7.1-emu", "shop", "shop-emu")
WEB_SHOWN = f"eve-meta: web ({WEB})"


@pytest.fixture(scope="module")
def shared_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent")) as agent:
        agent.port_comes(*PORTS)
        yield agent


@pytest.fixture
def agent(shared_agent: Agent) -> Iterator[Agent]:
    """One that serves nothing at first."""
    yield shared_agent
    for interface in served(shared_agent):
        eve_meta("detach", interface, "--run-dir", shared_agent.run_dir)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Where there are none yet."""
    made = tmp_path / "vms"
    made.mkdir()
    return made


def hook(agent: Agent, documents: Path, *arguments: str, stdin: bytes = b"") -> Ran:
    options = ("--documents", documents, "--run-dir", agent.run_dir)
    return eve_meta("hook", *options, *arguments, stdin=stdin)


def libvirt(
    agent: Agent, documents: Path, operation: str, name: str = "web", xml: bytes | None = None
) -> Ran:
    """What the hook says when libvirt calls it."""
    part = "end" if operation == "release" else "begin"
    given = recorded(name, operation) if xml is None else xml
    return hook(agent, documents, "libvirt", name, operation, part, "-", stdin=given)


def served(agent: Agent) -> dict[str, str]:
    """The uuids that are served, by interface."""
    listed = json.loads(eve_meta("list", "--json", "--run-dir", agent.run_dir).out)
    return {each["interface"]: each["uuid"] for each in listed["interfaces"]}


def document_of(agent: Agent, uuid: UUID) -> dict[str, object]:
    """What the agent serves of a VM."""
    stored: dict[str, object] = json.loads((agent.stored / f"{uuid}.json").read_text())["document"]
    return stored


def revision_at(agent: Agent, interface: str) -> int:
    return int(json.loads(eve_meta("show", "--json", interface, "--run-dir", agent.run_dir).out)["revision"])


def told(ran: Ran) -> str:
    """What the log is told by a hook that did what it should."""
    assert (0, "") == (ran.code, ran.out), ran
    return ran.err


class TestLibvirt:
    def test_start_and_release(self, agent: Agent, documents: Path) -> None:
        """All interfaces are attached with the document of `<metadata>`, and detached without their names."""
        log = told(libvirt(agent, documents, "start"))

        assert {"vnet2": str(WEB), "tapx": str(WEB)} == served(agent)
        assert 2 == log.count("attached (revision ")
        assert "web.example.org" == document_of(agent, WEB)["hostname"]
        assert "web" == document_of(agent, WEB)["name"]
        log = told(libvirt(agent, documents, "release"))
        assert {f"web ({WEB}): {port}: detached" for port in ("vnet2", "tapx")} == set(log.splitlines())
        assert {} == served(agent)

    def test_file_goes_first(self, agent: Agent, documents: Path) -> None:
        """The operator's file is served where there are both, with the files that it names."""
        (documents / "init.sh").write_text("#!/bin/sh\n")
        (documents / f"{WEB}.yaml").write_text("hostname: shop\nuser_data: {file: init.sh}\n")

        told(libvirt(agent, documents, "start"))

        assert "shop" == document_of(agent, WEB)["hostname"]
        assert {"base64": "IyEvYmluL3NoCg=="} == document_of(agent, WEB)["user_data"]

    @pytest.mark.parametrize("operation", ["started", "reconnect"])
    def test_later_operations_repair(self, agent: Agent, documents: Path, operation: str) -> None:
        """What is attached stays as it is; what is not is attached."""
        xml = recorded("web", "start")
        libvirt(agent, documents, "start")
        before = revision_at(agent, "tapx")
        assert "" == told(libvirt(agent, documents, operation, xml=xml))
        assert before == revision_at(agent, "tapx")
        eve_meta("detach", "vnet2", "--run-dir", agent.run_dir)

        assert f"web ({WEB}): vnet2: attached" in told(libvirt(agent, documents, operation, xml=xml))

    @pytest.mark.parametrize("operation", ["prepare", "stopped", "migrate", "restore", "attach", "define"])
    def test_other_operations(self, agent: Agent, documents: Path, operation: str) -> None:
        """Nothing is done nor printed, which libvirt would take for the domain's new XML."""
        xml = recorded("web", "restore")

        assert Ran(0, "", "") == libvirt(agent, documents, operation, xml=xml)
        assert {} == served(agent)

    def test_no_document(self, agent: Agent, documents: Path) -> None:
        """A VM that is none of ours is left alone, whether the agent runs or not."""
        xml = recorded("bare", "start")

        assert Ran(0, "", "") == libvirt(agent, documents, "start", "bare", xml)
        with_none = ("hook", "--documents", documents, "--run-dir", documents)
        assert Ran(0, "", "") == eve_meta(*with_none, "libvirt", "bare", "start", "begin", "-", stdin=xml)

    def test_doubts(self, agent: Agent, documents: Path, tmp_path: Path) -> None:
        """Why the guest would not look for us is told after it was attached all the same."""
        seed = tmp_path / "seed.img"
        seed.write_bytes(bytes(0x8001) + b"CD001".ljust(0x27) + b"cidata".ljust(32))
        xml = recorded("web", "start").replace(b"OpenStack Compute", b"PC")
        xml = xml.replace(b"/var/lib/libvirt/images/seed.iso", bytes(seed))

        *_, product, drive = told(libvirt(agent, documents, "start", xml=xml)).splitlines()

        assert (
            f"web ({WEB}): cloud-init will not look for metadata: the SMBIOS product is 'PC', not" in product
        )
        assert f"web ({WEB}): cloud-init will take the drive {seed} (NoCloud, labelled cidata)" in drive
        assert {"vnet2", "tapx"} == {*served(agent)}

    def test_no_port(self, agent: Agent, documents: Path) -> None:
        """What cannot reach its document is told so."""
        ran = libvirt(agent, documents, "start", xml=recorded("web", "release"))

        assert Ran(1, "", f"{WEB_SHOWN}: none of its interfaces has a port on this host\n") == ran

    def test_an_interface_that_cannot_be_served(self, agent: Agent, documents: Path) -> None:
        """The others are."""
        xml = recorded("web", "start").replace(b"vnet2", b"br0")

        ran = libvirt(agent, documents, "start", xml=xml)

        assert (1, "") == (ran.code, ran.out)
        assert f"web ({WEB}): br0: br0 is a bridge: name the VM's port on it" in ran.err
        assert ran.err.endswith(f"{WEB_SHOWN}: not served at br0\n")
        assert {"tapx"} == {*served(agent)}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("hostname: [", "is not YAML"),
            (f"uuid: {BARE}", f"uuid: is {BARE}, but the VM's SMBIOS UUID is {WEB}: leave it out"),
            ("user_data: {file: none}", "user_data.file: cannot read 'none'"),
            ("hostname: -a", "hostname: "),
            ("- x", ""),
        ],
    )
    def test_bad_document(self, agent: Agent, documents: Path, text: str, message: str) -> None:
        """File, field and reason are told with the VM's name, and nothing is attached."""
        file = documents / f"{WEB}.yaml"
        file.write_text(text)

        ran = libvirt(agent, documents, "start")

        assert (1, "") == (ran.code, ran.out)
        assert 1 == ran.err.count("\n")
        assert ran.err.startswith(f"{WEB_SHOWN}: {file}: {message}")
        assert {} == served(agent)

    @pytest.mark.parametrize("operation", ["start", "reconnect", "release"])
    def test_no_agent(self, documents: Path, operation: str) -> None:
        options = ("--documents", documents, "--run-dir", documents)
        xml = recorded("web", operation)
        ran = eve_meta("hook", *options, "libvirt", "web", operation, "begin", "-", stdin=xml)

        assert (1, "") == (ran.code, ran.out)
        assert ran.err.startswith(f"{WEB_SHOWN}: the agent is not running")

    def test_no_xml(self, agent: Agent, documents: Path) -> None:
        ran = libvirt(agent, documents, "start", xml=b"")

        assert 1 == ran.code
        assert ran.err.startswith("eve-meta: web: standard input is not a domain in libvirt's XML: ")


class TestPlain:
    def test_start_and_stop(self, agent: Agent, documents: Path) -> None:
        (documents / f"{BARE}.yaml").write_text("hostname: bare\n")

        told(hook(agent, documents, "plain", "start", str(BARE), "vnet0", "vnet2"))

        assert {"vnet0": str(BARE), "vnet2": str(BARE)} == served(agent)
        assert {"uuid": str(BARE), "hostname": "bare"}.items() <= document_of(agent, BARE).items()
        told(hook(agent, documents, "plain", "stop", str(BARE).upper()))
        assert {} == served(agent)

    def test_no_document(self, agent: Agent, documents: Path) -> None:
        ran = hook(agent, documents, "plain", "start", str(BARE), "vnet0")

        message = f"eve-meta: {BARE}: {documents}/{BARE}.yaml: No such file or directory\n"
        assert Ran(1, "", message) == ran


class TestQemu:
    def qemu(self, agent: Agent, directory: Path, change: str, *arguments: str) -> Ran:
        """What the hook says when a program of QEMU's name calls it, by way of a script of the user's."""
        program = directory / "qemu-system-none"
        shutil.copy("/bin/sh", program)
        options = ["hook", "--documents", str(directory), "--run-dir", str(agent.run_dir)]
        called = [*PYTHON, "-m", "eve_meta", *options, "qemu", change, "vnet0"]
        script = directory / "ifup"
        script.write_text("#!/bin/sh\n" + subprocess.list2cmdline(called) + "\nexit $?\n")
        script.chmod(0o755)
        command = [str(program), "-c", f"{script}; exit $?", *arguments]
        ran = subprocess.run(command, capture_output=True, env=ENVIRONMENT, text=True, check=False)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def test_up_and_down(self, agent: Agent, documents: Path) -> None:
        """The VM is the one whose uuid the calling QEMU was started with."""
        (documents / f"{BARE}.yaml").write_text("hostname: bare\n")

        log = told(self.qemu(agent, documents, "up", "-name", "b", "-uuid", str(BARE), "-smbios", "type=1"))

        assert {"vnet0": str(BARE)} == served(agent)
        assert f"b ({BARE}): cloud-init will not look for metadata: the SMBIOS product is not set" in log
        assert "vnet0: detached\n" == told(self.qemu(agent, documents, "down"))
        assert {} == served(agent)
        assert "" == told(self.qemu(agent, documents, "down"))

    def test_no_uuid(self, agent: Agent, documents: Path) -> None:
        ran = self.qemu(agent, documents, "up")

        assert 1 == ran.code
        assert "eve-meta: vnet0: the VM has no uuid: start QEMU with -uuid" in ran.err

    def test_nobody_calls(self, agent: Agent, documents: Path) -> None:
        message = "eve-meta: vnet0: no QEMU calls this hook: use the plain one\n"

        assert Ran(1, "", message) == hook(agent, documents, "qemu", "up", "vnet0")


class TestXen:
    PARAVIRTUAL = {"vif": "vif7.1", "XENBUS_PATH": "/local/domain/0/backend/vif/7/1"}  # noqa: RUF012 - read only
    EMULATED = {"INTERFACE": "vif7.1-emu"}  # noqa: RUF012 - read only

    @pytest.fixture
    def documents(self, documents: Path) -> Path:
        (documents / f"{BARE}.yaml").write_text("hostname: bare\n")
        return documents

    @pytest.fixture
    def xenstore(self, tmp_path: Path) -> Path:
        """A directory in the place of xenstore, with a domain."""
        store = tmp_path / "xenstore"
        (store / "local/domain/7").mkdir(parents=True)
        (store / "local/domain/7/vm").write_text(f"/vm/{BARE}\n")
        (store / "local/domain/0/backend/vif/7/1").mkdir(parents=True)
        reader = tmp_path / "xenstore-read"
        reader.write_text(f'#!/bin/sh\nexec cat "{store}/$1"\n')
        reader.chmod(0o755)
        return store

    def xen(
        self, agent: Agent, xenstore: Path, environment: dict[str, str], change: str, kind: str = "vif"
    ) -> Ran:
        """What the hook says when Xen calls it."""
        directory = xenstore.parent
        options = ["--documents", str(directory / "vms"), "--run-dir", str(agent.run_dir)]
        ran = subprocess.run(
            [*PYTHON, "-m", "eve_meta", "hook", *options, "xen", change, f"type_if={kind}"],
            env={**ENVIRONMENT, **environment, "PATH": f"{directory}:{ENVIRONMENT['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    @pytest.mark.usefixtures("documents")
    def test_paravirtual(self, agent: Agent, xenstore: Path) -> None:
        told(self.xen(agent, xenstore, self.PARAVIRTUAL, "online"))

        assert {"vif7.1": str(BARE)} == served(agent)
        assert "vif7.1: detached\n" == told(self.xen(agent, xenstore, self.PARAVIRTUAL, "offline"))
        assert {} == served(agent)

    @pytest.mark.usefixtures("documents")
    def test_emulated(self, agent: Agent, xenstore: Path) -> None:
        told(self.xen(agent, xenstore, self.EMULATED, "add", "tap"))

        assert {"vif7.1-emu": str(BARE)} == served(agent)
        told(self.xen(agent, xenstore, self.EMULATED, "remove", "tap"))
        assert {} == served(agent)

    @pytest.mark.usefixtures("documents")
    def test_named_by_the_operator(self, agent: Agent, xenstore: Path) -> None:
        """Xen's own script has given the port the name that the operator wants by then."""
        (xenstore / "local/domain/0/backend/vif/7/1/vifname").write_text("shop\n")

        told(self.xen(agent, xenstore, self.PARAVIRTUAL, "online"))
        told(self.xen(agent, xenstore, self.EMULATED, "add", "tap"))

        assert {"shop", "shop-emu"} == {*served(agent)}

    def test_no_domain(self, agent: Agent, xenstore: Path) -> None:
        (xenstore / "local/domain/7/vm").unlink()

        ran = self.xen(agent, xenstore, self.PARAVIRTUAL, "online")

        assert Ran(1, "", "eve-meta: vif7.1: xenstore tells no uuid of the domain, but ''\n") == ran

    def test_no_port(self, agent: Agent, xenstore: Path) -> None:
        ran = self.xen(agent, xenstore, {}, "online")

        assert Ran(1, "", "eve-meta: Xen: vif and XENBUS_PATH name no port of Xen's: '', ''\n") == ran

    def test_no_xenstore(self, agent: Agent, documents: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in self.PARAVIRTUAL.items():
            monkeypatch.setitem(ENVIRONMENT, name, value)
        ran = hook(agent, documents, "xen", "online")

        message = "eve-meta: vif7.1: cannot run xenstore-read: No such file or directory\n"
        assert Ran(1, "", message) == ran
