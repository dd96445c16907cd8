"""An agent that dies, or that the kernel refuses, at any moment of its work: what follows heals it."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netns import namespace_of
from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, Host, kernel_objects, run
from tests.support import soon

FAULTY = (sys.executable, str(Path(__file__).with_name("faulty_agent.py")))
BUILT = ["after AddNamespace", "after AddLink", "after Furnish", "after Steer"]
BUILDING = ["before AddNamespace", *BUILT, "after listen", "before Steer"]
REFUSALS = ["before AddNamespace", "before AddLink", "before Furnish", "before listen", "before Steer"]
CLEARING = ["before Unsteer", "after Unsteer", "after RemoveLink", "after RemoveNamespace"]


@pytest.fixture
def agent(agent: Agent) -> Iterator[Agent]:
    """The agent; the next test finds one without a fault."""
    yield agent
    agent.stop()


def start_faulty(agent: Agent, monkeypatch: pytest.MonkeyPatch, fault: str, moment: str) -> None:
    """Start it again, with a fault."""
    monkeypatch.setenv("EVE_META_FAULT", fault)
    monkeypatch.setenv("EVE_META_MOMENT", moment)
    agent.stop()
    agent.start(FAULTY)


@pytest.mark.parametrize("moment", BUILDING)
def test_death_in_attach(host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """An attach in which the agent died is finished by the next start."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    start_faulty(agent, monkeypatch, "die", moment)
    assert agent.run("attach", "tap0", "-", given=json.dumps(RED)).returncode == 1
    assert agent.wait() == -signal.SIGKILL
    agent.start()
    assert red.read(HOSTNAME) == "red"


@pytest.mark.parametrize("moment", BUILT)
def test_death_in_forgotten_attach(
    host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Of an attach in which the agent died nothing is left by a start that has no document for it."""
    host.guest("red", "tap0", bridge=host.bridge())
    before = kernel_objects()
    start_faulty(agent, monkeypatch, "die", moment)
    agent.run("attach", "tap0", "-", given=json.dumps(RED))
    assert agent.wait() == -signal.SIGKILL
    (agent.state_dir / "vms" / f"{RED['uuid']}.json").unlink()
    agent.start()
    assert soon(lambda: kernel_objects() == before)


@pytest.mark.parametrize("moment", CLEARING)
def test_death_in_detach(host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """A detach in which the agent died is finished by the next start."""
    host.guest("red", "tap0", bridge=host.bridge())
    before = kernel_objects()
    start_faulty(agent, monkeypatch, "die", moment)
    agent.attach("tap0", RED)
    assert agent.run("detach", "tap0").returncode == 1
    assert agent.wait() == -signal.SIGKILL
    agent.start()
    assert soon(lambda: kernel_objects() == before)
    assert agent.run("show", "tap0").returncode == 1


@pytest.mark.parametrize("moment", REFUSALS)
def test_refused_attach(host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """An attach that the kernel refuses fails with its words and leaves nothing."""
    host.guest("red", "tap0", bridge=host.bridge())
    before = kernel_objects()
    start_faulty(agent, monkeypatch, "fail", moment)
    done = agent.run("attach", "tap0", "-", given=json.dumps(RED))
    said = "eve-meta: could not do as the test forbids: Operation not permitted (errno 1)\n"
    assert (1, said) == (done.returncode, done.stderr)
    assert before == kernel_objects()
    assert agent.run("show", "tap0").returncode == 1


def test_refused_second_interface(host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attach that the kernel refuses leaves the document in force at the VM's other interface."""
    bridge = host.bridge()
    first = host.guest("first", "tap0", bridge=bridge)
    host.guest("second", "tap1", bridge=bridge)
    agent.attach("tap0", RED)
    start_faulty(agent, monkeypatch, "fail", "before Steer")
    assert agent.run("attach", "tap1", "-", given=json.dumps(RED | {"hostname": "pink"})).returncode == 1
    assert first.read(HOSTNAME) == "red"


def test_retried(host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a start could not wire is said to have failed, and other VMs are served."""
    bridge = host.bridge()
    red = host.guest("red", "tap0", bridge=bridge)
    host.guest("green", "tap1", bridge=bridge)
    agent.attach("tap0", RED)
    agent.attach("tap1", GREEN)
    agent.stop()
    run("ip", "netns", "del", namespace_of("tap1"))
    start_faulty(agent, monkeypatch, "fail", "before AddLink")
    assert soon(lambda: agent.show("tap1")["state"] == "failed")
    assert "could not do as the test forbids" in agent.show("tap1")["reason"]
    assert red.read(HOSTNAME) == "red"
