"""Many interfaces in one call of `attach` or `detach`, against a real control socket."""

import json
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from tests.support import soon
from tests.unit.cli.commands import ENVIRONMENT, INTERRUPTIBLE, PYTHON, Agent, Ran, eve_meta, running_agent

PORTS = tuple(f"tap{i}" for i in range(40))


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent")) as agent:
        agent.port_comes(*PORTS, "tap-refused")
        yield agent


@pytest.fixture(autouse=True)
def nothing_attached(agent: Agent) -> Iterator[None]:
    """The agent is shared: each test leaves it with nothing."""
    yield
    eve_meta("detach", *(*PORTS, "tap-refused", "late0", "late1"), "--run-dir", agent.run_dir)


def write(directory: Path, name: str, number: int, text: str = "") -> Path:
    """A VM's document."""
    path = directory / name
    path.write_text(f"uuid: {UUID(int=number)}\nname: vm{number}\n{text}")
    return path


def attached(agent: Agent) -> dict[str, str]:
    """What is attached, and the name of each one's VM."""
    listed = json.loads(eve_meta("list", "--json", "--run-dir", agent.run_dir).out)
    return {each["interface"]: each["name"] for each in listed["interfaces"]}


def test_directory(agent: Agent, tmp_path: Path) -> None:
    """Of all files those with the three endings are documents, but for hidden ones."""
    for i, port in enumerate(PORTS):
        write(tmp_path, f"{port}{('.yaml', '.yml')[i % 2]}", i)
    (tmp_path / "tap39.yml").unlink()
    (tmp_path / "tap39.json").write_text(json.dumps({"uuid": str(UUID(int=39)), "name": "vm39"}))
    (tmp_path / ".tap1.yaml.swp").write_text("")
    (tmp_path / ".hidden.yaml").write_text("")
    (tmp_path / "README").write_text("")

    ran = eve_meta("attach", tmp_path, "--run-dir", agent.run_dir)

    assert (0, "") == (ran.code, ran.err)
    *lines, summary = ran.out.splitlines()
    assert sorted(PORTS) == sorted(line.partition(": attached (uuid ")[0] for line in lines)
    assert "40 attached" == summary
    assert {port: f"vm{i}" for i, port in enumerate(PORTS)} == attached(agent)


def test_empty_directory(agent: Agent, tmp_path: Path) -> None:
    """A host without VMs has nothing to be attached, which is no failure."""
    assert Ran(0, "0 attached\n", "") == eve_meta("attach", tmp_path, "--run-dir", agent.run_dir)


def test_pairs(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "init.sh").write_text("#!/bin/sh\n")
    one, other = write(tmp_path, "a", 1), write(tmp_path, "b", 2, "user_data: {file: init.sh}\n")

    ran = eve_meta("attach", "tap0", one, "tap1", other, "--run-dir", agent.run_dir)

    assert (0, "") == (ran.code, ran.err)
    assert {"tap0": "vm1", "tap1": "vm2"} == attached(agent)


def test_refused_ones_do_not_stop_the_others(agent: Agent, tmp_path: Path) -> None:
    """Each is told in one line that names the interface and the document, in whatever way it fails."""
    for i, name in enumerate(("tap0", "tap1", "tap-refused", "eth9")):
        write(tmp_path, f"{name}.yaml", i + 1)
    write(tmp_path, "tap2.yaml", 5, "hostnam: web\n")
    write(tmp_path, "tap3.yaml", 6, "user_data: {file: none.sh}\n")
    (tmp_path / "tap4.yaml").write_bytes(b"\xff")
    (tmp_path / "tap5.yaml").mkdir()

    ran = eve_meta("attach", tmp_path, "--run-dir", agent.run_dir)

    assert (1, "2 attached, 6 refused") == (ran.code, ran.out.splitlines()[-1])
    assert {"tap0": "vm1", "tap1": "vm2"} == attached(agent)
    told = {
        "eth9": "there is no interface 'eth9' on this host (see 'ip link')",
        "tap-refused": "could not add the link evmabc: No space left on device (errno 28)",
        "tap2": "hostnam: unknown field; did you mean 'hostname'?",
        "tap3": "user_data.file: cannot read 'none.sh': No such file or directory",
        "tap4": "is not UTF-8 text: see byte 0",
        "tap5": "Is a directory",
    }
    lines = [f"eve-meta: {name}: {tmp_path}/{name}.yaml: {why}" for name, why in told.items()]
    assert lines == sorted(ran.err.splitlines())


def test_json(agent: Agent, tmp_path: Path) -> None:
    """What the agent answered, each in a line, and nothing else."""
    one, other = write(tmp_path, "a", 1), write(tmp_path, "b", 2)

    ran = eve_meta("attach", "tap0", one, "tap1", other, "--json", "--run-dir", agent.run_dir)
    single = eve_meta("attach", "tap0", one, "--json", "--run-dir", agent.run_dir)

    names = [json.loads(line)["interface"] for line in ran.out.splitlines()]
    assert ["tap0", "tap1"] == sorted(names)
    assert "open" == json.loads(single.out)["state"]


def test_documents_of_one_vm(agent: Agent, tmp_path: Path) -> None:
    """The last one holds, at all of its interfaces, as in calls of their own."""
    pairs = [each for i in range(20) for each in (f"tap{i}", write(tmp_path, str(i), 7, f"hostname: h{i}\n"))]

    assert 0 == eve_meta("attach", *pairs, "--run-dir", agent.run_dir).code

    (kept,) = agent.stored.glob("*.json")
    record = json.loads(kept.read_text())
    assert "h19" == record["document"]["hostname"]
    assert {f"tap{i}" for i in range(20)} == set(record["interfaces"])


def test_waits_for_what_is_not_there(agent: Agent, tmp_path: Path) -> None:
    """When the rest is done, and for all of it together."""
    for i, name in enumerate(("late0", "late1", "tap0")):
        write(tmp_path, f"{name}.yaml", i)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(eve_meta, "attach", tmp_path, "--wait", "60", "--run-dir", agent.run_dir)
        assert soon(lambda: "tap0" in attached(agent), 20)
        agent.port_comes("late1")
        assert soon(lambda: "late1" in attached(agent), 20)
        agent.port_comes("late0")
        ran = waiting.result()

    assert (0, "3 attached") == (ran.code, ran.out.splitlines()[-1])
    assert ["tap0", "late1", "late0"] == [line.partition(":")[0] for line in ran.out.splitlines()[:-1]]


def test_waits_no_longer_than_told(agent: Agent, tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path, f"never{i}.yaml", i)

    ran = eve_meta("attach", tmp_path, "--wait", "1", "--run-dir", agent.run_dir)

    assert (1, "0 attached, 3 refused\n", 3) == (
        ran.code,
        ran.out,
        ran.err.count("there is no interface 'never"),
    )


def test_interrupted(agent: Agent, tmp_path: Path) -> None:
    """It says what is done, whatever it is doing: also where Python would warn that it has closed nothing."""
    write(tmp_path, "tap0.yaml", 1)
    write(tmp_path, "never.yaml", 2)
    command = [*INTERRUPTIBLE, sys.executable, "-m", "eve_meta", "attach", str(tmp_path), "--wait", "60"]
    with subprocess.Popen(
        [*command, "--run-dir", str(agent.run_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith("tap0: attached")
        process.send_signal(signal.SIGINT)

        assert "1 attached, 1 not waited for (see 'eve-meta list')\n" == process.stdout.read()
        assert "eve-meta: interrupted" == process.stderr.read().strip()
    assert 1 == process.returncode


def test_agent_not_running(tmp_path: Path) -> None:
    """It is told once."""
    for i in range(3):
        write(tmp_path, f"tap{i}.yaml", i)

    ran = eve_meta("attach", tmp_path, "--run-dir", tmp_path)

    assert (1, "0 attached, 3 not waited for (see 'eve-meta list')\n", 1) == (
        ran.code,
        ran.out,
        ran.err.count("\n"),
    )
    assert "the agent is not running" in ran.err


def test_bar(agent: Agent, tmp_path: Path) -> None:
    """On a terminal there is a bar instead of the lines; refusals are told all the same."""
    for i, name in enumerate(("tap0", "tap1", "eth9")):
        write(tmp_path, f"{name}.yaml", i)

    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as shown, open(theirs, "wb") as terminal:  # noqa: PTH123 - descriptors
        arguments = ("attach", str(tmp_path), "--run-dir", str(agent.run_dir))
        command = [*PYTHON, "-m", "eve_meta", *arguments]
        ran = subprocess.run(command, stdout=terminal, stderr=terminal, env=ENVIRONMENT, check=False)
        text = shown.read(65536).decode()

    assert 1 == ran.returncode
    assert re.search(r"attached .*3/3", text)
    assert "eve-meta: eth9: " in text
    assert "2 attached, 1 refused\r\n" in text
    assert "tap0: attached" not in text


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["tap0", "a", "tap1"], "Missing argument 'DOCUMENT'"),
        (["tap0", "a", "tap0", "b"], "tap0 is given twice: with a and with b"),
        (["tap0", "-", "tap1", "-"], "standard input can be read once, for one interface"),
        (["tap0", "a", "", "b"], "Invalid value for 'INTERFACE': is empty"),
    ],
)
def test_misused(targets: list[str], message: str) -> None:
    """Nothing is asked for."""
    assert Ran(2, "", f"eve-meta: {message} (see 'eve-meta attach --help')\n") == eve_meta("attach", *targets)


def test_an_interface_twice_in_a_directory(tmp_path: Path) -> None:
    write(tmp_path, "tap0.json", 1)
    write(tmp_path, "tap0.yaml", 1)

    ran = eve_meta("attach", tmp_path)

    assert 2 == ran.code
    assert f"tap0 is given twice: with {tmp_path}/tap0.json and with {tmp_path}/tap0.yaml" in ran.err


def test_detach(agent: Agent, tmp_path: Path) -> None:
    eve_meta("attach", "tap0", write(tmp_path, "a", 1), "--run-dir", agent.run_dir)

    ran = eve_meta("detach", "tap0", "tap1", "no good", "--run-dir", agent.run_dir)

    assert 1 == ran.code
    *lines, summary = ran.out.splitlines()
    assert ["tap0: detached", "tap1: was not attached"] == sorted(lines)
    assert "1 detached, 1 not attached, 1 refused" == summary
    assert ran.err.startswith("eve-meta: no good: ")
    assert {} == attached(agent)
