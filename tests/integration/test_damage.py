"""What somebody damages of ours while a guest asks: it is repaired, told once, and the guest reads on."""

import time
from collections.abc import Callable

import pytest
from attrs import frozen

from netns import link_of, namespace_of
from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, Guest, Host, ip, run
from tests.support import soon

NAMESPACE, LINK = namespace_of("tap0"), link_of("tap0")


@frozen
class Scene:
    """A guest that is answered, on a host with another; some time ago, so that all is calm."""

    agent: Agent
    guest: Guest
    other: Guest

    def repairs(self, interface: str) -> list[str]:
        """What the agent has told of repairs since it was attached."""
        _, _, since = self.agent.said().rpartition(f"{interface}: answered as VM")
        return [each for each in since.splitlines() if f"{interface}: put right" in each]


@pytest.fixture
def scene(host: Host, agent: Agent) -> Scene:
    """See `Scene`."""
    bridge = host.bridge()
    guests = [host.guest(name, tap, bridge=bridge) for name, tap in (("red", "tap0"), ("green", "tap1"))]
    agent.attach("tap0", RED)
    agent.attach("tap1", GREEN)
    time.sleep(1)  # The look after the attach is over: what follows is found by itself.
    return Scene(agent, *guests)


def inside(*command: str) -> Callable[[], object]:
    """Run a program in the namespace."""
    return lambda: ip("netns", "exec", NAMESPACE, *command)


def outside(*command: str) -> Callable[[], object]:
    """Run a program on the host."""
    return lambda: run(*command)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (inside("ip", "addr", "del", "169.254.169.254/32", "dev", "eth0"), "the address 169.254.169.254"),
        (inside("ip", "addr", "flush", "dev", "eth0"), "the address fe80::a9fe:a9fe"),
        (inside("ip", "link", "set", "eth0", "down"), "eth0 being up"),
        (inside("ip", "route", "del", "default"), "the IPv4 default route"),
        (inside("iptables", "-t", "nat", "-F"), "the rules of ip nat PREROUTING"),
        (inside("nft", "flush", "ruleset"), "the rules of ip nat PREROUTING"),
        (inside("iptables", "-I", "INPUT", "-j", "DROP"), "the rules of ip filter INPUT"),
        (inside("ip", "link", "del", "eth0"), "the link"),
        (outside("ip", "link", "del", LINK), "the link"),
        (outside("ip", "link", "set", LINK, "down"), "the link being up"),
        (outside("ip", "netns", "del", NAMESPACE), "the namespace"),
        (outside("nft", "flush", "ruleset"), "the nftables table"),
    ],
)
def test_repaired(scene: Scene, damage: Callable[[], object], words: str) -> None:
    """Whatever is taken away is back within seconds; the log names it once; nobody else notices."""
    damage()

    assert soon(lambda: any(words in each for each in scene.repairs("tap0")))
    assert "red" == scene.guest.read(HOSTNAME)
    assert "green" == scene.other.read(HOSTNAME)
    time.sleep(1)
    assert 1 == len(scene.repairs("tap0"))
