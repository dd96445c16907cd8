"""`eve-meta events`, against a real control socket."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.commands import ENVIRONMENT, INTERRUPTIBLE, PYTHON, Agent, eve_meta, running_agent

VM = "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "web.yaml"
    path.write_text(f"uuid: {VM}\n")
    return path


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with running_agent(tmp_path) as agent:
        agent.port_comes("tap0", "tap1")
        yield agent


def attach(agent: Agent, interface: str, document: Path) -> None:
    assert 0 == eve_meta("attach", interface, document, "--run-dir", agent.run_dir).code


def test_lines(agent: Agent, document: Path) -> None:
    """What has happened is told in words, oldest first."""
    attach(agent, "tap0", document)
    assert 0 == eve_meta("detach", "tap0", "--run-dir", agent.run_dir).code

    ran = eve_meta("events", "--run-dir", agent.run_dir)
    answered, detached = ran.out.splitlines()
    assert re.fullmatch(rf"{TIME}  tap0: answered as VM {VM}, revision 1 \(\d+ ms\)", answered)
    assert re.fullmatch(rf"{TIME}  tap0: detached from VM {VM} \(\d+ ms\)", detached)


def test_json(agent: Agent, document: Path) -> None:
    """For programs an event is a line."""
    attach(agent, "tap0", document)

    (line,) = eve_meta("events", "--json", "--run-dir", agent.run_dir).out.splitlines()
    assert ("answered", ["tap0"], VM) == tuple(
        json.loads(line)[name] for name in ("kind", "interfaces", "vm")
    )


def test_of_some_interfaces(agent: Agent, document: Path) -> None:
    """What is of others, or of none, is left out."""
    for each in ("tap0", "tap1"):
        attach(agent, each, document)

    said = eve_meta("events", "tap1", "tap7", "--run-dir", agent.run_dir).out
    assert ["tap0, tap1: answered from", "tap1: answered as"] == re.findall(
        rf"^{TIME}  ([a-z0-9, ]+: [a-z]+ [a-z]+)", said, re.MULTILINE
    )


@contextmanager
def following(run_dir: Path) -> Iterator[Iterator[Any]]:
    """The events that somebody who follows is told of, until Ctrl-C."""
    command = [
        *INTERRUPTIBLE,
        *PYTHON,
        "-m",
        "eve_meta",
        "events",
        "--follow",
        "--json",
        "--run-dir",
        str(run_dir),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as follower:
        assert follower.stdout
        try:
            yield map(json.loads, follower.stdout)
        finally:
            follower.send_signal(signal.SIGINT)
        assert "" == follower.stdout.read()
    assert 0 == follower.returncode


def test_follow(tmp_path: Path, document: Path) -> None:
    """An agent that is started anew is waited for, and followed; what was told is not told again."""
    with ExitStack() as stack:
        with running_agent(tmp_path) as first:
            first.port_comes("tap0")
            attach(first, "tap0", document)
            events = stack.enter_context(following(first.run_dir))
            told = [next(events)]
            attach(first, "tap0", document)
            told.append(next(events))
        with running_agent(tmp_path) as second:
            second.port_comes("tap1")
            attach(second, "tap1", document)
            told.append(next(events))

    assert [("answered", "tap0"), ("updated", "tap0"), ("answered", "tap1")] == [
        (each["kind"], each["interfaces"][0]) for each in told
    ]
