"""A hostile guest does its worst: its neighbour is answered meanwhile, and so is it when it has stopped."""

import time
from collections.abc import Iterator

import pytest

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, Guest, Host
from tests.integration.hostile import ATTACKS
from tests.integration.neighbours import attacked_by
from tests.support import soon

READS = 20
ATTACK_SECONDS = 2


@pytest.fixture(scope="module")
def lan(shared_agent: Agent) -> Iterator[tuple[Guest, Guest]]:
    """Two guests at one server."""
    shared_agent.start_if_stopped()
    with Host() as host:
        bridge = host.bridge()
        made = host.guest("red", "tap0", bridge=bridge), host.guest("green", "tap1", bridge=bridge)
        shared_agent.attach("tap0", RED | {"user_data": "x" * 2**20})
        shared_agent.attach("tap1", GREEN)
        for each in made:
            # What is told of a boot is told by then.
            each.read(HOSTNAME)
        made[0].read("/latest/user-data")
        yield made
        shared_agent.clear()


@pytest.fixture(scope="module")
def shared_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """One with one server."""
    made = Agent(tmp_path_factory.mktemp("agent"), "--servers", "1")
    yield made
    made.stop()


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack(lan: tuple[Guest, Guest], shared_agent: Agent, attack: str) -> None:
    """Nothing of it is in the log."""
    red, green = lan
    said = shared_agent.log.read_text(encoding="utf-8")
    with attacked_by(red, attack):
        time.sleep(ATTACK_SECONDS)
        assert ["green"] * READS == [green.read(HOSTNAME) for _ in range(READS)]
    assert soon(lambda: answered(red), 20)
    assert said == shared_agent.log.read_text(encoding="utf-8")


def answered(guest: Guest) -> bool:
    """Whether a guest gets its own answer, which is refused for a while to one that has asked too much."""
    try:
        return guest.ask(HOSTNAME).body == b"red"
    except OSError:
        return False
