"""What the host sees of what guests ask."""

import json
import os
import re
import signal

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, Host
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


def test_frames(host: Host, agent: Agent) -> None:
    """A guest that has not asked, but has looked for us, is told from one that is silent."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    silent = agent.run("show", "tap0").stdout
    with red.connect():
        connected = agent.run("show", "tap0").stdout

    assert re.search(r"^frames +none from the guest", silent, re.MULTILINE)
    assert re.search(r"^frames +[1-9][0-9]* from the guest", connected, re.MULTILINE)
    assert re.search(r"^guest +has asked nothing", connected, re.MULTILINE)


def test_reports(host: Host, agent: Agent) -> None:
    """What a guest reports is told on the host, after an agent that was killed, too."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    asked = ("-X", "POST", "-H", "Content-Type: application/json", "-d", '{"phase": "up"}')
    red.run("curl", "--silent", "--fail", *asked, f"http://{IPV4}/eve/v1/app/appCustomStatus")
    agent.kill()
    agent.start()

    assert '{"phase": "up"}' == agent.run("reports", "tap0", "app-custom-status").stdout
