"""What the host sees of what guests ask."""

import json
import os
import re
import signal
import socket

import pytest

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, MAC, Guest, Host
from tests.support import soon

FIRST_CONTACT = re.compile(
    r"^first contact +by (\S+) \((\S+)\), \S+ s after the door was opened$", re.MULTILINE
)


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


@pytest.mark.parametrize("target", [IPV4, f"{LINK_LOCAL}%eth0"])
def test_first_contact(host: Host, agent: Agent, target: str) -> None:
    """When a guest has looked for us, and as whom, is told until it has asked."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    silent = agent.run("show", "tap0").stdout
    red.inside(lambda: knock(target))
    looked = agent.run("show", "tap0").stdout
    red.read(HOSTNAME)
    asked = agent.run("show", "tap0").stdout

    assert "first contact" not in silent
    (told,) = FIRST_CONTACT.findall(looked)
    assert ("10.0.0.5" if target == IPV4 else own_link_local(red), MAC) == told
    assert re.search(r"^guest +has asked nothing", looked, re.MULTILINE)
    assert "first request" in asked
    assert "first contact" not in asked


def knock(target: str) -> None:
    """Send what nobody takes, for which the kernel has to find who has an address."""
    (family, *_, address), *_ = socket.getaddrinfo(target, 9, type=socket.SOCK_DGRAM)
    with socket.socket(family, socket.SOCK_DGRAM) as sending:
        sending.sendto(b"x", address)


def own_link_local(guest: Guest) -> str:
    """The address that a guest's kernel has made for it."""
    (link,) = json.loads(guest.run("ip", "-j", "-6", "addr", "show", "dev", "eth0", "scope", "link"))
    (address,) = link["addr_info"]
    return str(address["local"])


def test_reports(host: Host, agent: Agent) -> None:
    """What a guest reports is told on the host, after an agent that was killed, too."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    asked = ("-X", "POST", "-H", "Content-Type: application/json", "-d", '{"phase": "up"}')
    red.run("curl", "--silent", "--fail", *asked, f"http://{IPV4}/eve/v1/app/appCustomStatus")
    agent.kill()
    agent.start()

    assert '{"phase": "up"}' == agent.run("reports", "tap0", "app-custom-status").stdout
