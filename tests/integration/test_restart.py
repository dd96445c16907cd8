"""The agent stops or is killed, and starts: what is wired stays wired, and no guest is refused meanwhile."""

import os
import select
import signal

import pytest

from netns import link_of, namespace_of, namespaces
from tests.agents import RED, Agent
from tests.hosts import ANSWER_SECONDS, HOSTNAME, IPV4, LINK_LOCAL, Guest, Host, ask_over, run
from tests.integration.asking import asking

PASSWORD = "/openstack/latest/password"
ENDS = pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])


@pytest.fixture
def red(host: Host, agent: Agent) -> Guest:
    """An attached guest."""
    guest = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    return guest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_exit_code(agent: Agent, number: int) -> None:
    """A signal to end is obeyed, and the exit is a success."""
    code = agent.stop(number)
    agent.start()
    assert code == 0


@ENDS
def test_wiring_stays(agent: Agent, red: Guest, end: int) -> None:
    """After a stop, and after a start, all that is in the kernel is the very same, and it answers."""
    before = wiring()
    agent.stop(end)
    assert before == wiring()
    agent.start()
    assert red.read(HOSTNAME) == "red"
    assert before == wiring()


@ENDS
@pytest.mark.parametrize("address", [IPV4, LINK_LOCAL])
def test_asked_while_stopped(agent: Agent, red: Guest, end: int, address: str) -> None:
    """A guest that begins to ask while no agent runs is answered once one does."""
    agent.stop(end)
    with red.begin_to_connect(address) as connection:
        agent.start()
        assert ([], [connection], []) == select.select([], [connection], [], ANSWER_SECONDS)
        connection.settimeout(ANSWER_SECONDS)
        assert ask_over(connection, HOSTNAME).body == b"red"


@ENDS
def test_asking_all_the_time(agent: Agent, red: Guest, end: int) -> None:
    """A guest that asks again and again throughout a stop and a start is answered each time."""
    with asking(red) as failures:
        agent.stop(end)
        agent.start()
    assert [] == failures


@ENDS
def test_password(agent: Agent, red: Guest, end: int) -> None:
    """A password that a guest has set is there after a restart, for the guest and for the host."""
    assert [200, 409] == [red.post(PASSWORD, text) for text in ("b2xk", "bmV3")]
    agent.stop(end)
    agent.start()
    assert "b2xk" == red.read(PASSWORD, LINK_LOCAL)
    assert "b2xk\n" == agent.run("password", "tap0").stdout
    assert 409 == red.post(PASSWORD, "bmV3")


def test_server_dies(agent: Agent, red: Guest) -> None:
    """A guest that asks at once when its server was killed is answered by the next."""
    before = agent.show("tap0")["server_pid"]
    os.kill(before, signal.SIGKILL)
    assert red.read(HOSTNAME) == "red"
    assert before != agent.show("tap0")["server_pid"]


def test_refresh_survives(agent: Agent, red: Guest) -> None:
    """After a start the guest is answered with the last document that it was attached with."""
    agent.attach("tap0", RED | {"hostname": "pink"})
    agent.kill()
    agent.start()
    assert red.read(HOSTNAME) == "pink"


@pytest.mark.usefixtures("red")
def test_detached_while_a_server_is_down(agent: Agent) -> None:
    """An interface is detached although its server has just been killed."""
    os.kill(agent.show("tap0")["server_pid"], signal.SIGKILL)
    agent.detach("tap0")
    assert namespace_of("tap0") not in namespaces.names("")
    assert link_of("tap0") not in run("ip", "link")


def wiring() -> tuple[int, str, str, tuple[str, ...]]:
    """What identifies all that was made for tap0: inode, index, handles, and the rules inside."""
    namespace = namespace_of("tap0")
    saved = (run("ip", "netns", "exec", namespace, each) for each in ("iptables-save", "ip6tables-save"))
    return (
        (namespaces.DIRECTORY / namespace).stat().st_ino,
        run("ip", "-o", "link", "show", link_of("tap0")),
        run("nft", "-a", "-t", "list", "table", "netdev", namespace),
        tuple(line for each in saved for line in each.splitlines() if line.startswith("-A")),
    )
