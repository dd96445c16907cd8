"""Session tokens over the wire: whose they are, how long they last, and how far they go."""

import os
import signal
from contextlib import closing

import pytest

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, Guest, Host
from tests.integration import frames
from tests.integration.frames import Sniffer

TOKEN_PATH = "/latest/api/token"
MARK = frames.marker("02:00:00:00:00:05", "", "end")
TTL_AT = {IPV4: 14 + 8, LINK_LOCAL: 14 + 7}
"""Where a frame has its TTL or hop limit. Source: RFC 791, RFC 8200."""

REQUIRED = {"service": {"tokens": "required"}}


@pytest.fixture
def red(host: Host, agent: Agent) -> Guest:
    """A guest that is told nothing without a token."""
    guest = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", {**RED, **REQUIRED})
    return guest


def token_of(guest: Guest, address: str = IPV4) -> str:
    """A session token."""
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "600"}
    answer = guest.ask(TOKEN_PATH, address, method="PUT", headers=ttl)
    assert answer.status == 200
    return answer.body.decode()


def status(guest: Guest, token: str, address: str = IPV4) -> int:
    """How a guest is answered that shows a token."""
    return guest.ask(HOSTNAME, address, headers={"X-aws-ec2-metadata-token": token}).status


@pytest.mark.usefixtures("agent")
def test_every_address(red: Guest) -> None:
    """A token got at one address is good at the other."""
    token = token_of(red, LINK_LOCAL)
    assert [200, 200] == [status(red, token, address) for address in (IPV4, LINK_LOCAL)]
    assert [401, 401] == [red.ask(HOSTNAME, address).status for address in (IPV4, LINK_LOCAL)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_restart(agent: Agent, red: Guest, number: int) -> None:
    """A token is good after the agent was stopped or killed, and started."""
    token = token_of(red)
    agent.stop(number)
    agent.start()
    assert status(red, token) == 200


def test_server_dies(agent: Agent, red: Guest) -> None:
    """A token is good at the next server."""
    token = token_of(red)
    os.kill(agent.show("tap0")["server_pid"], signal.SIGKILL)
    assert status(red, token) == 200


def test_new_document(agent: Agent, red: Guest) -> None:
    """A token is good for the next document, and at the VM's next interface."""
    token = token_of(red)
    agent.attach("tap0", {**RED, **REQUIRED, "hostname": "pink"})
    assert status(red, token) == 200


def test_another_vm(host: Host, agent: Agent, red: Guest) -> None:
    """A token is no good to another VM, whatever it has the same; its interface's next VM neither."""
    green = host.guest("green", "tap1", bridge="br0")
    agent.attach("tap1", {**GREEN, **REQUIRED})
    token = token_of(red)
    assert [200, 401] == [status(guest, token) for guest in (red, green)]
    agent.attach("tap0", {**GREEN, **REQUIRED})
    assert 401 == status(red, token)


@pytest.mark.parametrize("address", [IPV4, LINK_LOCAL])
@pytest.mark.parametrize("hops", [1, 3])
def test_hop_limit(agent: Agent, red: Guest, address: str, hops: int) -> None:
    """The packet that carries a token goes as many hops as the document says; others go on as usual."""
    agent.attach("tap0", {**RED, "service": {"hop_limit": hops}})
    with closing(red.inside(lambda: Sniffer.on("eth0"))) as sniffer:
        token_of(red, address)
        red.read(HOSTNAME, address)
        frames.send(red, MARK)
        answers = [frame for frame in sniffer.until(MARK) if b"HTTP/1.1 200" in frame]
    assert [hops, 64] == [frame[TTL_AT[address]] for frame in answers]
