"""Attach, detach and what becomes of an interface between the two."""

import ctypes
import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netns import link_of, namespace_of, namespaces
from tests.agents import EVE_META, GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, NIC, Guest, Host, ask_over, kernel_objects, run
from tests.support import descriptors_of, soon

_PIDFD_GETFD = 438
_SIOCGSKNS = 0x894C
_libc = ctypes.CDLL(None, use_errno=True)

PASSWORD = "/openstack/latest/password"
PINK = RED | {"hostname": "pink"}


def test_connection_outlives_refresh(host: Host, agent: Agent) -> None:
    """A connection that is open while the document is replaced goes on, and reads the new one."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    with red.connect() as connection:
        assert ask_over(connection, HOSTNAME).body == b"red"
        agent.attach("tap0", PINK)
        assert ask_over(connection, HOSTNAME).body == b"pink"


def test_one_vm_one_revision(host: Host, agent: Agent) -> None:
    """Two NICs of one VM read the last document given for either, under one revision."""
    bridge = host.bridge()
    first = host.guest("first", "tap0", bridge=bridge)
    second = host.guest("second", "tap1", bridge=bridge)
    agent.attach("tap0", RED)
    agent.attach("tap1", PINK)
    assert ["pink", "pink"] == [guest.read(HOSTNAME) for guest in (first, second)]
    assert agent.show("tap0")["revision"] == agent.show("tap1")["revision"]


def test_one_vm_one_password(host: Host, agent: Agent) -> None:
    """Two NICs of one VM have one password; another VM has none, whatever it has the same."""
    bridge = host.bridge()
    first, second, other = (
        host.guest(name, tap, bridge=bridge)
        for name, tap in (("first", "tap0"), ("second", "tap1"), ("other", "tap2"))
    )
    for tap, document in (("tap0", RED), ("tap1", RED), ("tap2", GREEN)):
        agent.attach(tap, document)
    assert 200 == first.post(PASSWORD, "b2xk")
    assert ["b2xk", "b2xk", ""] == [guest.read(PASSWORD) for guest in (first, second, other)]
    assert 409 == second.post(PASSWORD, "bmV3")
    assert 0 == agent.run("password", "tap1", "--clear").returncode
    assert ["", "", ""] == [guest.read(PASSWORD) for guest in (first, second, other)]
    assert 200 == second.post(PASSWORD, "bmV3")


def test_interface_of_another_vm(host: Host, agent: Agent) -> None:
    """An interface attached with another uuid is the other VM's: what was asked before has ended."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    with red.connect() as connection:
        assert ask_over(connection, HOSTNAME).body == b"red"
        agent.attach("tap0", GREEN)
        with pytest.raises(ConnectionError):
            ask_over(connection, HOSTNAME)
    assert red.read(HOSTNAME) == "green"


def test_other_interfaces_stay(host: Host, agent: Agent) -> None:
    """A VM that loses one of its interfaces to another VM is served at the one that it still has."""
    bridge = host.bridge()
    first = host.guest("first", "tap0", bridge=bridge)
    second = host.guest("second", "tap1", bridge=bridge)
    agent.attach("tap0", RED)
    agent.attach("tap1", RED)
    agent.attach("tap1", GREEN)
    assert ["red", "green"] == [guest.read(HOSTNAME) for guest in (first, second)]


def test_detach_with_open_connection(host: Host, agent: Agent) -> None:
    """Detach ends what is open and leaves nothing: no name, no link, no rule, no namespace."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    before = kernel_objects(), held_namespaces(agent)
    agent.attach("tap0", RED)
    with red.connect() as connection:
        assert ask_over(connection, HOSTNAME).body == b"red"
        agent.detach("tap0")
        assert before == (kernel_objects(), held_namespaces(agent))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_attached_namespace_is_held(host: Host, agent: Agent) -> None:
    """What tells that nothing holds a namespace tells of one that is held."""
    host.guest("red", "tap0", bridge=host.bridge())
    before = held_namespaces(agent)
    agent.attach("tap0", RED)
    assert before < held_namespaces(agent)


def test_detach_of_nothing(agent: Agent) -> None:
    """To detach what is not attached is no failure, and it is said."""
    done = agent.run("detach", "tap0")
    assert (0, "tap0: was not attached\n", "") == (done.returncode, done.stdout, done.stderr)


def test_interface_vanishes(host: Host, agent: Agent) -> None:
    """Of an interface that vanishes nothing is left but the document, and `show` says that it is absent."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    host.unplug(red)
    assert soon(lambda: agent.show("tap0")["state"] == "absent")
    assert namespace_of("tap0") not in namespaces.names("")
    assert link_of("tap0") not in kernel_objects()["links"]


def test_interface_comes_back(host: Host, agent: Agent) -> None:
    """An interface that comes back is answered with the document that it had."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    host.unplug(red)
    assert soon(lambda: agent.show("tap0")["state"] == "absent")
    plug_again(host, red)
    assert soon(lambda: agent.show("tap0")["state"] == "open")
    assert red.read(HOSTNAME) == "red"


def test_interface_replaced_at_once(host: Host, agent: Agent) -> None:
    """An interface that is gone and back at once, with another index, is answered."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    host.unplug(red)
    plug_again(host, red)
    assert red.read(HOSTNAME) == "red"


@pytest.mark.parametrize(
    "taken",
    [
        ("ip", "netns", "del", namespace_of("tap0")),
        ("ip", "link", "del", link_of("tap0")),
        ("nft", "delete", "table", "netdev", namespace_of("tap0")),
        ("nft", "flush", "ruleset"),
    ],
    ids=" ".join,
)
def test_attach_repairs(host: Host, agent: Agent, taken: tuple[str, ...]) -> None:
    """Whatever somebody took away of what was made for an interface, the next attach puts back."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    run(*taken)
    agent.attach("tap0", PINK)
    assert red.read(HOSTNAME) == "pink"


def test_lost_link(host: Host, agent: Agent) -> None:
    """A link that somebody took away is put back without being asked for."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    run("ip", "link", "del", link_of("tap0"))
    assert soon(lambda: link_of("tap0") in kernel_objects()["links"])
    assert red.read(HOSTNAME) == "red"


def test_wait_for_interface(host: Host, agent: Agent) -> None:
    """`attach --wait` is done when an interface that appears later is answered."""
    bridge = host.bridge()
    with attaching(agent, "--wait", "20") as command:
        red = host.guest("red", "tap0", bridge=bridge)
        assert command.wait(20) == 0
    assert red.read(HOSTNAME) == "red"


def test_wait_in_vain(agent: Agent) -> None:
    """`attach --wait` fails when the interface has not appeared, and keeps nothing."""
    done = agent.run("attach", "tap0", "-", "--wait", "1", given=json.dumps(RED))
    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr == "eve-meta: there is no interface 'tap0' on this host (see 'ip link')\n"
    assert agent.run("show", "tap0").returncode == 1


def test_broken_name(host: Host, agent: Agent) -> None:
    """A file that a crash left under the namespace's name is in nobody's way."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    (namespaces.DIRECTORY / namespace_of("tap0")).touch()
    agent.attach("tap0", RED)
    assert red.read(HOSTNAME) == "red"


def plug_again(host: Host, guest: Guest) -> None:
    """Give a guest that was unplugged the NIC that it had."""
    host.plug(guest, bridge="br0")
    guest.run("ip", "addr", "add", "10.0.0.5/24", "dev", NIC)
    guest.run("ip", "route", "add", f"{IPV4}/32", "dev", NIC)


def held_namespaces(agent: Agent) -> set[int]:
    """The network namespaces, by inode, of all sockets of the agent and its servers."""
    return {each for pid in (agent.pid, *agent.server_pids()) for each in namespaces_of_sockets(pid)}


def namespaces_of_sockets(pid: int) -> Iterator[int]:
    """Those of one process. Source: pidfd_getfd(2); SIOCGSKNS in net/socket.c."""
    process = os.pidfd_open(pid)
    with closing_descriptor(process):
        for number, of in descriptors_of(pid).items():
            if of.startswith("socket:"):
                with (
                    closing_descriptor(_libc.syscall(_PIDFD_GETFD, process, number, 0)) as copy,
                    closing_descriptor(fcntl.ioctl(copy, _SIOCGSKNS)) as namespace,
                ):
                    yield os.fstat(namespace).st_ino


@contextmanager
def closing_descriptor(descriptor: int) -> Iterator[int]:
    """A descriptor that is ours, closed afterwards."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def attaching(agent: Agent, *options: str) -> Iterator[subprocess.Popen[str]]:
    """An `attach` of tap0 that the agent has taken up, but not answered."""
    command = [*EVE_META, "attach", "--run-dir", str(agent.run_dir), "tap0", "-", *options]
    idle = connections(agent)
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as running:
        assert running.stdin
        running.stdin.write(json.dumps(RED))
        running.stdin.close()
        assert soon(lambda: connections(agent) > idle)
        yield running


def connections(agent: Agent) -> int:
    """How many sockets bear the name of the control socket. Source: unix(7)."""
    return Path("/proc/net/unix").read_text(encoding="utf-8").count(f"{agent.run_dir}/control.sock")
