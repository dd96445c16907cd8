"""A guest that wants too much, and its neighbour at the same server, which does not notice."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from netns import namespace_of
from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, Guest, Host, run
from tests.integration.hostile import FRAMES_READY as KNOCKS
from tests.integration.neighbours import attacked_by
from tests.support import soon

ATTACK_SECONDS = 3
BURST = 40
CONNECTIONS = 10
USER_DATA_BYTES = 3 * 1024 * 1024
GET_USER_DATA = b"GET /latest/user-data HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def agent(host: Host, tmp_path: Path) -> Iterator[Agent]:
    """One that allows little, with one server."""
    del host
    limits = (f"requests_burst={BURST}", "requests_per_second=1", f"connections={CONNECTIONS}")
    made = Agent(tmp_path, "--servers", "1", *(f"--limit={each}" for each in limits)).start()
    yield made
    made.clear()
    made.stop()


@pytest.fixture
def guests(host: Host, agent: Agent) -> tuple[Guest, Guest]:
    """The hostile one and its neighbour."""
    bridge = host.bridge()
    made = host.guest("red", "tap0", bridge=bridge), host.guest("green", "tap1", bridge=bridge)
    agent.attach("tap0", RED | {"user_data": "x" * USER_DATA_BYTES})
    agent.attach("tap1", GREEN)
    return made


def test_requests(guests: tuple[Guest, Guest]) -> None:
    """Counted over IPv4 and IPv6 together."""
    red, green = guests
    statuses = [red.ask(HOSTNAME, address).status for _ in range(BURST) for address in (IPV4, LINK_LOCAL)]
    assert statuses[:BURST] == [200] * BURST
    for address in (IPV4, LINK_LOCAL):
        refused = red.ask(HOSTNAME, address)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert green.read(HOSTNAME) == "green"
    assert soon(lambda: red.ask(HOSTNAME).status == 200)


def test_connections(guests: tuple[Guest, Guest]) -> None:
    """Those that were quiet longest make room for who asks."""
    red, green = guests
    with ExitStack() as opened:
        for _ in range(3 * CONNECTIONS):
            opened.enter_context(red.connect())
        assert red.read(HOSTNAME) == "red"
        assert green.read(HOSTNAME) == "green"
        assert soon(lambda: established(red) <= CONNECTIONS)


def test_guest_that_reads_nothing(guests: tuple[Guest, Guest], agent: Agent) -> None:
    """However much it asks for, it costs little memory."""
    red, green = guests
    server = agent.show("tap0")["server_pid"]
    before = resident_bytes(server)
    with ExitStack() as opened:
        for _ in range(CONNECTIONS):
            connection = opened.enter_context(red.connect())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(GET_USER_DATA * 3)
        assert green.read(HOSTNAME) == "green"
        assert resident_bytes(server) - before < 2 * USER_DATA_BYTES


def test_knocks(guests: tuple[Guest, Guest]) -> None:
    """The kernel has few entries of those who never come in, and its neighbour comes in."""
    red, green = guests
    with attacked_by(red, "flood_syn"):
        assert soon(lambda: connections_tracked("tap0") > 1)
        time.sleep(ATTACK_SECONDS)
        assert connections_tracked("tap0") < KNOCKS * 3 / 4
        assert green.read(HOSTNAME) == "green"


def connections_tracked(interface: str) -> int:
    """How many entries the kernel has in an interface's namespace."""
    count = "/proc/sys/net/netfilter/nf_conntrack_count"
    return int(run("ip", "netns", "exec", namespace_of(interface), "cat", count))


def established(guest: Guest) -> int:
    """How many connections a guest has."""
    return len(guest.run("ss", "-Htn", "state", "established").splitlines())


def resident_bytes(pid: int) -> int:
    """What a process has in memory."""
    [line] = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in each]
    return int(line.split()[1]) * 1024
