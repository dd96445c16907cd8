"""What the host sees of what guests ask."""

import json
import os
import signal

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, Host
from tests.support import soon


def test_timeline(host: Host, agent: Agent) -> None:
    """Each guest's requests are told at its own interface, and at no other."""
    bridge = host.bridge()
    red, green = (host.guest(name, tap, bridge=bridge) for name, tap in (("red", "tap0"), ("green", "tap1")))
    agent.attach("tap0", RED)
    agent.attach("tap1", GREEN)
    assert "red" == red.read(HOSTNAME)
    assert 404 == green.ask("/of-green").status

    assert f"GET {HOSTNAME}" in agent.run("timeline", "tap0").stdout
    assert "of-green" not in agent.run("timeline", "tap0").stdout
    (only,) = json.loads(agent.run("timeline", "tap1", "--json").stdout)["requests"]
    assert ("GET", "/of-green", 404) == (only["method"], only["path"], only["status"])
    assert "not found       /of-green" in agent.run("show", "tap1").stdout


def test_server_gone(host: Host, agent: Agent) -> None:
    """What a server has seen is gone with it; the next one begins anew."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    red.read(HOSTNAME)
    for each in agent.server_pids():
        os.kill(each, signal.SIGKILL)

    red.read("/latest/meta-data/instance-id")
    assert soon(lambda: "instance-id" in agent.run("timeline", "tap0").stdout)
    assert HOSTNAME not in agent.run("timeline", "tap0").stdout
