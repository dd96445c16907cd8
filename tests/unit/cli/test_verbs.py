"""The verbs that speak to an agent, against a real control socket."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click import unstyle

from eve_meta.contact import control_socket
from netns.names import link_of
from tests.unit.agent.memory_host import PID
from tests.unit.cli.commands import ENVIRONMENT, Agent, Ran, eve_meta, failed, on_a_terminal, running_agent

PORTS = ("tap0", "tap1", "tap2", "tap3", "tap-refused", "tap-missing")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent")) as agent:
        agent.port_comes(*PORTS)
        yield agent


@pytest.fixture(scope="module")
def run_dir(agent: Agent) -> Path:
    return agent.run_dir


@pytest.fixture
def uuid() -> UUID:
    return uuid4()


@pytest.fixture
def document(tmp_path: Path, uuid: UUID) -> Path:
    """A document; the agent is shared, so each test has a VM of its own."""
    path = tmp_path / "web.yaml"
    path.write_text(f"uuid: {uuid}\nname: web\n")
    return path


def test_attach(run_dir: Path, document: Path, uuid: UUID) -> None:
    ran = eve_meta("attach", "tap0", document, "--run-dir", run_dir)

    assert (0, "") == (ran.code, ran.err)
    assert re.fullmatch(rf"tap0: attached \(uuid {uuid}, revision \d+, \d+ ms\)\n", ran.out)


def test_attach_from_standard_input(run_dir: Path, uuid: UUID) -> None:
    """JSON is read as well as YAML."""
    ran = eve_meta(
        "attach", "tap0", "-", "--run-dir", run_dir, stdin=json.dumps({"uuid": str(uuid)}).encode()
    )

    assert (0, "") == (ran.code, ran.err)
    assert str(uuid) in ran.out


def test_attach_with_a_file_beside_the_document(agent: Agent, document: Path, tmp_path: Path) -> None:
    (tmp_path / "init.sh").write_bytes(b"#!/bin/sh\n\xff")
    document.write_text(document.read_text() + "user_data: {file: init.sh}\n")

    assert 0 == eve_meta("attach", "tap0", document, "--run-dir", agent.run_dir).code
    (text,) = (text for text in map(Path.read_text, agent.stored.glob("*.json")) if "IyEvYmlu" in text)
    stored = json.loads(text)
    assert {"base64": "IyEvYmluL3NoCv8="} == stored["document"]["user_data"]


def test_attach_from_standard_input_with_a_file(run_dir: Path, document: Path, tmp_path: Path) -> None:
    """It is sought in the working directory."""
    (tmp_path / "init.sh").write_text("#!/bin/sh\n")
    text = document.read_bytes() + b"user_data: {file: init.sh}\n"

    assert 0 == eve_meta("attach", "tap0", "-", "--run-dir", run_dir, stdin=text, cwd=tmp_path).code


@pytest.mark.parametrize("options", [(), ("--wait", "1")])
def test_attach_to_what_does_not_come(run_dir: Path, document: Path, options: tuple[str, ...]) -> None:
    assert failed("there is no interface 'late0' on this host (see 'ip link')") == eve_meta(
        "attach", "late0", document, "--run-dir", run_dir, *options
    )


def test_attach_waits(agent: Agent, document: Path) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(
            eve_meta, "attach", "late1", document, "--wait", "60", "--run-dir", agent.run_dir
        )
        agent.port_comes("late1")

        assert 0 == waiting.result().code


@pytest.mark.parametrize(
    ("interface", "message"),
    [
        ("eth9", "there is no interface 'eth9' on this host (see 'ip link')"),
        ("br0", "br0 is a bridge: name the VM's port on it, e.g. tap0"),
        (
            "sixteen-bytes-it",
            "'sixteen-bytes-it' is over 15 bytes long: no interface has such a name",
        ),
        ("tap-refused", "could not add the link evmabc: No space left on device (errno 28)"),
        ("tap-missing", "nf_tables: load the kernel module nf_tables"),
        ("a/b%2F", "'a/b%2F' is not the name of an interface: no blank, '/' or ':' may be in it"),
    ],
)
def test_attach_to_what_cannot_be_served(run_dir: Path, document: Path, interface: str, message: str) -> None:
    ran = eve_meta("attach", interface, document, "--run-dir", run_dir)

    assert (1, "") == (ran.code, ran.out)
    assert 1 == ran.err.count("\n")
    assert message in ran.err


def test_a_large_file(run_dir: Path, document: Path) -> None:
    """A file is not bound to the length of a text in YAML."""
    (document.parent / "image").write_bytes(os.urandom(5 * 1024 * 1024))
    document.write_text(document.read_text() + "user_data: {file: image}\n")

    ran = eve_meta("attach", "tap2", document, "--run-dir", run_dir)
    eve_meta("detach", "tap2", "--run-dir", run_dir)

    assert (0, "") == (ran.code, ran.err)


def test_a_document_that_cannot_be_served(run_dir: Path, document: Path) -> None:
    """Document, field and reason are named."""
    document.write_text(document.read_text() + "interfaces: [{mac: 02:00:00:00:00:01}, {mac: nonsense}]\n")

    ran = eve_meta("attach", "tap2", document, "--run-dir", run_dir)

    assert 1 == ran.code
    assert ran.err.startswith(f"eve-meta: {document}: interfaces[1].mac: ")
    assert 1 == eve_meta("show", "tap2", "--run-dir", run_dir).code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"uuid: \xff", "is not UTF-8 text: see byte 6"),
        (b"uuid: [", "is not YAML: "),
        (b"uuid: {file: [", "is not YAML: "),
        (b"[]", ""),
        (b"name: web", "uuid: is required"),
        (b"uuid: 6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01\nuser_data:\n  ? file\n  : init.sh", "user_data"),
    ],
)
def test_a_text_that_is_no_document(run_dir: Path, document: Path, text: bytes, message: str) -> None:
    """Whether the agent finds out or the command does."""
    document.write_bytes(text)

    ran = eve_meta("attach", "tap2", document, "--run-dir", run_dir)

    assert (1, 1) == (ran.code, ran.err.count("\n"))
    assert ran.err.startswith(f"eve-meta: {document}: {message}")


def test_detach(run_dir: Path, document: Path) -> None:
    eve_meta("attach", "tap1", document, "--run-dir", run_dir)

    assert Ran(0, "tap1: detached\n", "") == eve_meta("detach", "tap1", "--run-dir", run_dir)
    assert Ran(0, "tap1: was not attached\n", "") == eve_meta("detach", "tap1", "--run-dir", run_dir)


def test_detach_from_a_vm(run_dir: Path, document: Path, uuid: UUID) -> None:
    eve_meta("attach", "tap1", document, "--run-dir", run_dir)
    detach = ("detach", "tap1", "--run-dir", run_dir, "--uuid")
    other = "99999999-9999-4999-8999-999999999999"
    assert Ran(0, f"tap1: was not attached to {other}\n", "") == eve_meta(*detach, other)
    assert Ran(0, "tap1: detached\n", "") == eve_meta(*detach, str(uuid))


def test_detach_for_programs(run_dir: Path, document: Path) -> None:
    """An answer in a line for each."""
    eve_meta("attach", "tap1", document, "--run-dir", run_dir)
    one = eve_meta("detach", "tap1", "--json", "--run-dir", run_dir)
    many = eve_meta("detach", "tap1", "tap2", "--json", "--run-dir", run_dir)

    assert {"interface": "tap1", "detached": True} == json.loads(one.out)
    answers = sorted(map(json.loads, many.out.splitlines()), key=lambda each: str(each["interface"]))
    assert [("tap1", False)] == [(each["interface"], each["detached"]) for each in answers[:1]]
    assert ["tap1", "tap2"] == [each["interface"] for each in answers]


def test_update(agent: Agent, document: Path, uuid: UUID) -> None:
    """All interfaces of the VM are served the document."""
    to_agent = ("--run-dir", agent.run_dir)
    for interface in ("tap0", "tap1"):
        eve_meta("attach", interface, document, *to_agent)
    document.write_text(document.read_text().replace("web", "www"))

    ran = eve_meta("update", document, *to_agent)

    assert (0, "") == (ran.code, ran.err)
    assert re.fullmatch(r"tap0: open, revision (\d+)\ntap1: open, revision \1\n", ran.out)
    assert "www" in eve_meta("show", "tap1", *to_agent).out
    told = json.loads(eve_meta("update", document, "--json", *to_agent).out)
    assert [("tap0", str(uuid)), ("tap1", str(uuid))] == [(each["interface"], each["uuid"]) for each in told]


def test_update_where_a_port_is_gone(agent: Agent, document: Path) -> None:
    """Those that are there are served it."""
    to_agent = ("--run-dir", agent.run_dir)
    agent.port_comes("tap-going")
    for interface in ("tap-going", "tap0"):
        eve_meta("attach", interface, document, *to_agent)
    agent.port_goes("tap-going")

    ran = eve_meta("update", document, *to_agent)

    assert re.fullmatch(r"tap0: open, revision (\d+)\ntap-going: absent, revision \1\n", ran.out), ran


def test_update_of_what_is_not_attached(run_dir: Path, document: Path, uuid: UUID) -> None:
    message = f"{document}: VM {uuid} is not attached: see 'eve-meta list', 'eve-meta attach'"

    assert failed(message) == eve_meta("update", document, "--run-dir", run_dir)


def test_update_with_what_is_no_document(run_dir: Path, document: Path) -> None:
    document.write_text("uuid: x\n")

    ran = eve_meta("update", document, "--run-dir", run_dir)

    assert 1 == ran.code
    assert ran.err.startswith(f"eve-meta: {document}: uuid: ")


def test_show(run_dir: Path, document: Path, uuid: UUID) -> None:
    eve_meta("attach", "tap2", document, "--run-dir", run_dir)

    ran = eve_meta("show", "tap2", "--run-dir", run_dir)

    assert (0, "") == (ran.code, ran.err)
    shown = dict(line.split("  ", 1) for line in ran.out.splitlines())
    revision = shown.pop("revision").strip()
    assert revision.isdigit()
    assert re.fullmatch(r" *\d+ ms", shown.pop("attached in"))
    assert re.fullmatch(r" *has asked nothing since its door was opened, \S+ s ago", shown.pop("guest"))
    assert re.fullmatch(r" *\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+", shown.pop("open since"))
    assert {
        "interface": "tap2",
        "uuid": str(uuid),
        "name": "web",
        "state": "open",
        "namespace": "eve-meta-tap2",
        "link": link_of("tap2"),
        "server process": str(PID),
    } == {title: value.strip() for title, value in shown.items()}


def test_show_in_json(run_dir: Path, document: Path, uuid: UUID) -> None:
    eve_meta("attach", "tap3", document, "--run-dir", run_dir)

    shown = json.loads(eve_meta("show", "tap3", "--json", "--run-dir", run_dir).out)

    assert ("tap3", str(uuid)) == (shown["interface"], shown["uuid"])
    assert shown["took_ms"] > 0


def test_show_of_what_is_not_attached(run_dir: Path) -> None:
    assert failed("tap9 is not attached (see 'eve-meta list')") == eve_meta(
        "show", "tap9", "--run-dir", run_dir
    )


def test_watch(run_dir: Path, document: Path) -> None:
    """Where nobody looks on it is printed once, or as often as is wanted."""
    eve_meta("attach", "tap0", document, "--run-dir", run_dir)

    once = eve_meta("watch", "--run-dir", run_dir)
    twice = eve_meta("watch", "--count", "2", "--interval", "0.1", "--sort", "errors", "--run-dir", run_dir)

    assert (0, "") == (once.code, once.err)
    assert re.search(r"^tap0 +web +open +0\.0 +0 ", once.out, re.MULTILINE)
    assert 2 == twice.out.count("INTERFACE")


def test_watch_for_programs(run_dir: Path, document: Path) -> None:
    """An object in a line for each look."""
    eve_meta("attach", "tap0", document, "--run-dir", run_dir)

    ran = eve_meta("watch", "--json", "--count", "2", "--interval", "0.1", "--run-dir", run_dir)
    looks = [json.loads(line)["interfaces"] for line in ran.out.splitlines()]

    assert [("tap0", "open")] * 2 == [
        (each["interface"], each["state"]) for look in looks for each in look if each["interface"] == "tap0"
    ]


def test_watch_on_a_terminal(tmp_path: Path, document: Path) -> None:
    """It takes the whole screen, and gives it back."""
    with running_agent(tmp_path) as agent:
        agent.port_comes("tap0")
        eve_meta("attach", "tap0", document, "--run-dir", agent.run_dir)
        shown = on_a_terminal("watch", "--count", "1", "--run-dir", agent.run_dir)

    begun, _, ended = shown.partition("tap0")
    assert "\x1b[?1049h" in begun
    assert "\x1b[?1049l" in ended


def test_password_on_a_terminal(tmp_path: Path, document: Path) -> None:
    """What a guest writes does not command it."""
    with running_agent(tmp_path) as agent:
        agent.port_comes("tap0")
        eve_meta("attach", "tap0", document, "--run-dir", agent.run_dir)
        agent.guest_sets_password("tap0", "b2xké\x1b[2J")

        assert "b2xké\\x1b[2J\r\n" == on_a_terminal("password", "tap0", "--run-dir", agent.run_dir)


def test_password_of_what_is_not_attached(run_dir: Path) -> None:
    for option in ([], ["--clear"]):
        assert failed("tap9 is not attached (see 'eve-meta list')") == eve_meta(
            "password", "tap9", *option, "--run-dir", run_dir
        )


def test_list(tmp_path: Path, document: Path, uuid: UUID) -> None:
    with running_agent(tmp_path) as agent:
        run_dir = agent.run_dir
        assert Ran(0, "", "") == eve_meta("list", "--run-dir", run_dir)
        agent.port_comes("tap10", "tap-gone")
        eve_meta("attach", "tap10", document, "--run-dir", run_dir)
        eve_meta("attach", "tap-gone", document, "--run-dir", run_dir)
        agent.port_goes("tap-gone")

        table = (
            "INTERFACE  STATE   REVISION  UUID                                  NAME  WHY\n"
            f"tap-gone   absent  2         {uuid}  web   there is no interface 'tap-gone' on this host"
            " (see 'ip link')\n"
            f"tap10      open    2         {uuid}  web\n"
        )
        assert Ran(0, table, "") == eve_meta("list", "--run-dir", run_dir)
        listed = json.loads(eve_meta("list", "--json", "--run-dir", run_dir).out)
        assert ["tap-gone", "tap10"] == [status["interface"] for status in listed["interfaces"]]


def test_states_have_colours_on_a_terminal(
    tmp_path: Path, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nowhere if nobody wants any."""
    with running_agent(tmp_path) as agent:
        agent.port_comes("tap0", "tap-gone")
        for interface in ("tap0", "tap-gone"):
            eve_meta("attach", interface, document, "--run-dir", agent.run_dir)
        agent.port_goes("tap-gone")
        commands = [("list",), ("show", "tap0"), ("show", "tap-gone"), ("timeline", "tap0")]

        def shown() -> str:
            return "".join(on_a_terminal(*each, "--run-dir", agent.run_dir) for each in commands)

        coloured = shown()
        assert 2 == coloured.count("\x1b[32mopen\x1b[0m")
        assert 2 == coloured.count("\x1b[33mabsent\x1b[0m")
        monkeypatch.setitem(ENVIRONMENT, "NO_COLOR", "1")
        plain = shown()
        assert "\x1b" not in plain
        assert unstyle(coloured).splitlines()[:3] == plain.splitlines()[:3]


def test_list_tells_problems(tmp_path: Path) -> None:
    damaged = tmp_path / "state" / "vms" / f"{UUID(int=1)}.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("")

    with running_agent(tmp_path) as agent:
        ran = eve_meta("list", "--run-dir", agent.run_dir)

    assert (0, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"eve-meta: {damaged}.damaged: set aside as damaged: ")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_is_enough(run_dir: Path, uuid: UUID) -> None:
    """The API is for whatever speaks HTTP."""

    def curl(*arguments: str) -> dict[str, object]:
        url = "http://eve-meta/v1/interfaces/tap3"
        command = ["curl", "-sS", "--unix-socket", str(control_socket(run_dir)), *arguments, url]
        answer: dict[str, object] = json.loads(
            subprocess.run(command, capture_output=True, check=True).stdout
        )
        return answer

    document = json.dumps({"uuid": str(uuid)})
    assert "open" == curl("-X", "PUT", "-H", "Content-Type: application/json", "-d", document)["state"]
    assert str(uuid) == curl()["uuid"]
    assert {"interface": "tap3", "detached": True} == curl("-X", "DELETE")
