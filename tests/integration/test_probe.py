"""`eve-meta probe`: an operator asks in a guest's place, and leaves nothing."""

import fcntl
import json
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import pytest

from tests.agents import EVE_META, GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, MAC, Guest, Host, ip, kernel_objects, mac_of, run
from tests.integration.asking import repeating
from tests.integration.frames import Sniffer, marker, send
from tests.support import soon

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_USER_DATA = "x" * 300_000
_PAUSE_SECONDS = 0.02
A_GUEST = "Cloud-Init/22.4.2"


def probe(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `eve-meta probe`, whatever comes of it."""
    return subprocess.run(
        [*EVE_META, "probe", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def answered(*arguments: str) -> str:
    """What a probe prints that must succeed."""
    done = probe(*arguments)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def refused(*arguments: str) -> str:
    """What a probe says that must fail."""
    done = probe(*arguments)
    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("eve-meta: ")
    return done.stderr.removeprefix("eve-meta: ").rstrip("\n")


@contextmanager
def beginning(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A probe that goes on."""
    with subprocess.Popen([*EVE_META, "probe", *arguments], stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def a_reader(tap: str) -> Iterator[None]:
    """A process, as a VM's, that has a tap open and reads nothing."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", tap.encode(), _IFF_TAP | _IFF_NO_PI))
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("family", [(), ("-6",)], ids=["IPv4", "IPv6"])
def test_each_interface_has_its_own(host: Host, agent: Agent, family: tuple[str, ...]) -> None:
    """It is told what the guest behind the interface would be, though two have one MAC and one address."""
    bridge = host.bridge()
    for name, tap, document in (("red", "tap0", RED), ("green", "tap1", GREEN)):
        host.guest(name, tap, bridge=bridge)
        agent.attach(tap, document)
    assert ["red", "green"] == [answered(each, HOSTNAME, *family) for each in ("tap0", "tap1")]
    assert RED["uuid"] == json.loads(answered("tap0", *family))["uuid"]


@pytest.mark.parametrize("is_read", [False, True], ids=["no reader", "reader"])
def test_a_tap(host: Host, agent: Agent, is_read: bool) -> None:  # noqa: FBT001 - a parameter
    """A tap is answered whether a VM has it open or not; what is long comes whole."""
    agent.attach(host.tap("tap0"), RED | {"user_data": _USER_DATA})
    with a_reader("tap0") if is_read else host:
        for family in ((), ("-6",)):
            told = json.loads(answered("tap0", "/latest/user-data", "--json", *family))
            assert (200, _USER_DATA) == (told["status"], told["body"])
            assert told["returning"] == ("tap0" if is_read else agent.show("tap0")["link"])
            assert told["neighbour"] == "02:00:a9:fe:a9:fe"


def test_what_is_printed(host: Host, agent: Agent) -> None:
    """Status and headers where they are asked for; what is not found fails, and is printed all the same."""
    agent.attach(host.tap("tap0"), RED)
    head, _, body = answered("tap0", HOSTNAME, "-i").partition("\n\n")
    assert ("200 OK", "red") == (head.splitlines()[0], body)
    assert "Content-Length: 3" in head.splitlines()
    done = probe("tap0", "/nothing")
    assert (1, "not found\n") == (done.returncode, done.stdout)
    assert done.stderr == "eve-meta: tap0: /nothing is answered 404 Not Found\n"


def test_token(host: Host, agent: Agent) -> None:
    """Where a VM's guests need a token, it gets one if it is told to."""
    agent.attach(host.tap("tap0"), RED | {"service": {"tokens": "required"}})
    assert probe("tap0", HOSTNAME).stderr.endswith(f"{HOSTNAME} is answered 401 Unauthorized\n")
    assert answered("tap0", HOSTNAME, "--token") == "red"


def test_no_guest_has_asked(host: Host, agent: Agent) -> None:
    """A probe is not told as a guest's first contact."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    answered("tap0", HOSTNAME)
    assert "has asked nothing since its door was opened" in agent.run("show", "tap0").stdout
    assert "eve-meta-probe:" in agent.run("timeline", "tap0").stdout
    assert (
        "has asked for the first time" not in agent.run("events", "tap0").stdout.rpartition("answered as")[2]
    )
    assert "first contact" not in agent.run("show", "tap0").stdout
    red.ask(HOSTNAME, headers={"User-Agent": A_GUEST})
    shown = agent.run("show", "tap0").stdout
    assert f"{A_GUEST} (EC2)" in shown
    assert "eve-meta-probe" not in shown


def test_nobody_is_disturbed(host: Host, agent: Agent) -> None:
    """The guest goes on asking, no frame reaches others, and the port has the same filters as before."""
    bridge = host.bridge()
    red, green = host.guest("red", "tap0", bridge=bridge), host.guest("green", "tap1", bridge=bridge)
    agent.attach("tap0", RED)
    # No router solicitation of the guest's: a frame of the probe's would stand out.
    assert soon(lambda: "tentative" not in red.run("ip", "addr"))
    before = filters_of("tap0"), kernel_objects()
    last = marker(MAC, "", IPV4)
    with closing(green.inside(lambda: Sniffer.on("eth0"))) as sniffer:
        with repeating(partial(read_slowly, red)) as failures:
            for _ in range(3):
                assert answered("tap0", HOSTNAME) == "red"
                assert answered("tap0", HOSTNAME, "-6") == "red"
        send(red, last)
        # The host has addresses of its own on the bridge and on the port, and looks for routers there.
        known = {MAC, mac_of(bridge), mac_of("tap1")}
        assert {each[6:12].hex(":") for each in sniffer.until(last)} <= known
    assert not failures
    assert before == (filters_of("tap0"), kernel_objects())


def read_slowly(guest: Guest) -> None:
    """As a guest asks that is within its limits."""
    guest.read(HOSTNAME)
    time.sleep(_PAUSE_SECONDS)


def filters_of(link: str) -> str:
    """The qdiscs that a link has: filters stand in one."""
    return run("tc", "qdisc", "show", "dev", link)


def test_many_at_once(host: Host, agent: Agent) -> None:
    """Several may ask at one interface."""
    agent.attach(host.tap("tap0"), RED)
    processes = [
        subprocess.Popen([*EVE_META, "probe", "tap0", HOSTNAME], stdout=subprocess.PIPE) for _ in range(6)
    ]
    assert [b"red"] * 6 == [each.communicate(timeout=60)[0] for each in processes]


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ((), f"nobody answers ARP for {IPV4} (see 'eve-meta doctor tap0')"),
        (("-6",), f"nobody answers neighbour discovery for {LINK_LOCAL} (see 'eve-meta doctor tap0')"),
    ],
    ids=["IPv4", "IPv6"],
)
def test_not_steered(host: Host, agent: Agent, family: tuple[str, ...], message: str) -> None:
    """Where frames are not steered nobody answers, and it is said what to do."""
    agent.attach(host.tap("tap0"), RED)
    agent.stop()
    run("nft", "delete", "table", "netdev", "eve-meta-tap0")
    assert message == refused("tap0", *family)


def test_stopped(host: Host, agent: Agent) -> None:
    """While the agent is stopped the hardware address is answered, and no connection."""
    agent.attach(host.tap("tap0"), RED)
    agent.stop()
    told = f"{IPV4}, at 02:00:a9:fe:a9:fe, does not let connect within 1 s (see 'eve-meta doctor tap0')"
    assert told == refused("tap0", "--timeout", "1")


def test_no_such_port(host: Host) -> None:
    """What is no port that is up is refused by name."""
    host.bridge()
    ip("link", "set", host.tap("tap0"), "down")
    assert refused("tap7") == "there is no interface 'tap7' on this host (see 'ip link')"
    assert refused("br0") == "br0 is a bridge: name the VM's port on it, e.g. tap0"
    assert refused("tap0") == "tap0 is down: set it up (ip link set tap0 up)"
    assert probe("tap0", "latest").returncode == 2


def test_killed_while_it_seeks(host: Host) -> None:
    """What is killed before anybody answered leaves nothing."""
    host.tap("tap0")
    before = kernel_objects()
    with beginning("tap0", "--timeout", "60") as process:
        assert soon(lambda: any(each.startswith("evprobe") for each in kernel_objects()["links"]))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert soon(lambda: before == kernel_objects())


def test_killed_in_a_connection(host: Host, agent: Agent) -> None:
    """What is killed while it waits for an answer leaves nothing: no connection that waits for its end."""
    agent.attach(host.tap("tap0"), RED)
    before = kernel_objects()
    servers = agent.server_pids()
    answered_by = agent.show("tap0")["server_pid"]
    os.kill(answered_by, signal.SIGSTOP)
    try:
        with beginning("tap0", "--timeout", "60") as process:
            assert soon(is_connected)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert soon(lambda: before == kernel_objects())
    finally:
        os.kill(answered_by, signal.SIGCONT)
    assert servers == agent.server_pids()


def is_connected() -> bool:
    """Whether somebody is, where tap0's guest is answered. Source: proc_net(5), tcp."""
    connections = run("ip", "netns", "exec", "eve-meta-tap0", "cat", "/proc/net/tcp6")
    return any(line.split()[3] == "01" for line in connections.splitlines()[1:])


@pytest.mark.usefixtures("host")
def test_not_root() -> None:
    """Without root it says so."""
    reader = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *reader)
    done = subprocess.run([*nobody, *EVE_META, "probe", "tap0"], capture_output=True, text=True, check=False)
    said = "eve-meta: not root: network namespaces need it: run as root, e.g. with sudo\n"
    assert (1, "", said) == (done.returncode, done.stdout, done.stderr)
