"""`eve-meta doctor`: what is wrong is found, said in a line, with what to do."""

import ctypes
import json
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen

from eve_meta.cli.config_file import FILE
from netns import bpf, link_of, rtnetlink
from netns.netlink import NETLINK_ROUTE, Netlink, attribute, nest
from tests.agents import EVE_META, GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, Host, ip, kernel_objects, run
from tests.support import need_programs, soon

AGENT_STARTS = "start the agent, which puts it right"
TAKEN_AWAY = "it may drop frames before eve-meta has them: if a probe fails, take it away"
STEERED_ELSEWHERE = "no attached guest reaches it, others do: take it away if it is not meant so"
_PROG_TYPE_XDP, _XDP_DROP = 6, 1
_IFLA_XDP_FD, _IFLA_XDP_FLAGS, _XDP_FLAGS_SKB_MODE = 1, 3, 2
_PROG_ATTACH, _PROG_ATTACHMENT = 8, struct.Struct("=IIIIIIQ")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
READER = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")

# In a mount namespace of its own: writes its standard input to the agent's file, and runs a command there.
CONFIGURED = f"""
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
mkdir -p {FILE.parent}
cat >{FILE}
shift
exec "$@" </dev/null
"""


@frozen
class Examined:
    """What a doctor has found: of each check all levels and lines."""

    code: int
    found: tuple[dict[str, str], ...]

    def of(self, check: str) -> list[tuple[str, str, str]]:
        """Level, message and remedy of each finding of a check."""
        return [
            (each["level"], each["message"], each["remedy"]) for each in self.found if each["check"] == check
        ]

    @property
    def failed(self) -> set[str]:
        """The checks of which one failed."""
        return {each["check"] for each in self.found if each["level"] == "FAIL"}


def examined(agent: Agent, *arguments: str) -> Examined:
    """What the doctor finds, with an agent that may be stopped."""
    done = agent.run("doctor", "--state-dir", str(agent.state_dir), "--json", *arguments)
    assert done.stderr == ""
    found = Examined(done.returncode, tuple(json.loads(done.stdout)))
    assert found.code == bool(found.failed)
    assert all(each["remedy"] for each in found.found if each["level"] != "ok")
    return found


def test_all_is_well(host: Host, agent: Agent) -> None:
    """Of a host and a guest that asks nothing fails, and nothing is changed."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    before = kernel_objects()
    found = examined(agent, "tap0")
    assert (0, set()) == (found.code, found.failed)
    for version in (4, 6):
        ((level, message, _),) = found.of(f"probe IPv{version}")
        assert level == "ok"
        assert message.startswith(f"answered as VM {RED['uuid']} in ")
    assert found.of("port") == [("ok", "tap0 is up, on br0", "")]
    assert found.of("frames") == [("ok", "nobody else takes away what is for eve-meta", "")]
    assert found.of("guest")[0][0] == "warn"
    assert red.read(HOSTNAME) == "red"
    ((level, message, _),) = examined(agent, "tap0").of("guest")
    assert level == "ok"
    assert message.endswith("by a client without a name (EC2)")
    assert before == kernel_objects()


def test_lines(host: Host, agent: Agent) -> None:
    """For people each finding is a line that begins with how it is."""
    host.tap("tap0")
    done = agent.run("doctor", "--state-dir", str(agent.state_dir), "tap0")
    lines = done.stdout.splitlines()
    assert (1, "") == (done.returncode, done.stderr)
    assert lines[0] == "ok    root: there"
    assert {"ok  ", "warn", "FAIL"} == {each[:4] for each in lines}
    assert lines[-1] == "FAIL  attached: tap0 is not attached: attach it (eve-meta attach tap0 DOCUMENT)"


def test_configuration(host: Host, agent: Agent, tmp_path: Path) -> None:
    """Documents are sought where the agent's file says, and what is wrong in that is told."""
    del host, agent
    text = "state_dir: /srv/none\nservers: 0\n"
    (tmp_path / "etc").mkdir()
    command = ("unshare", "--mount", "sh", "-ec", CONFIGURED, "sh", str(tmp_path / "etc"))
    done = subprocess.run(
        [*command, *EVE_META, "doctor", "--json"], input=text, capture_output=True, text=True, check=False
    )
    found = Examined(done.returncode, tuple(json.loads(done.stdout)))

    assert found.of("state directory") == [("ok", "/srv/none is made when the agent starts", "")]
    ((level, message, _),) = found.of("configuration")
    assert level == "FAIL"
    assert message.startswith(f"{FILE}:2: servers: ")


def test_a_tap_that_nobody_has_open(host: Host, agent: Agent) -> None:
    """It is asked at all the same, and said that nobody is there."""
    agent.attach(host.tap("tap0"), RED)
    found = examined(agent, "tap0")
    assert found.code == 0
    assert found.of("carrier")[0][0] == "warn"
    assert found.of("probe IPv4")[0][1].endswith(", taken before tap0, which lets nothing out")


def test_another_document(host: Host, agent: Agent) -> None:
    """A document that is fit for a guest, but closed, is named as why it is refused."""
    agent.attach(host.tap("tap0"), RED | {"service": {"endpoint": "disabled"}})
    assert {"probe IPv4", "probe IPv6"} == examined(agent, "tap0").failed
    agent.attach("tap0", RED | {"service": {"tokens": "required"}})
    assert examined(agent, "tap0").code == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tap7", "there is no interface 'tap7' on this host"),
        ("br0", "br0 is a bridge"),
        ("tap0", "tap0 is down"),
        ("../x", "'../x' is not the name of an interface: no blank, '/' or ':' may be in it"),
    ],
)
def test_a_port_that_is_none(host: Host, agent: Agent, name: str, message: str) -> None:
    """What cannot be asked at is named, and no more is looked for."""
    host.bridge()
    ip("link", "set", host.tap("tap0"), "down")
    found = examined(agent, name)
    assert {"port"} == found.failed
    assert message == found.of("port")[0][1]
    assert found.found[-1]["check"] == "port"


def test_agent_stopped(host: Host, agent: Agent) -> None:
    """Without an agent all that stands is sound, nobody listens, and each line says to start it."""
    agent.attach(host.tap("tap0"), RED)
    agent.stop()
    found = examined(agent, "tap0")
    assert {"agent", "listening", "probe IPv4", "probe IPv6"} == found.failed
    assert found.of("agent")[0][2].startswith("start it, as root, with 'eve-meta agent")
    assert found.of("listening") == [("FAIL", "nobody listens in eve-meta-tap0", "start the agent")]
    assert found.of("probe IPv4")[0][2] == "start the agent"
    assert found.of("wiring")[0][0] == "ok"


def test_never_attached(host: Host, agent: Agent) -> None:
    """Without an agent nothing can be said of an interface that nothing is made for; it is not asked at."""
    host.tap("tap0")
    agent.stop()
    found = examined(agent, "tap0")
    assert {"agent", "attached"} == found.failed
    assert not found.of("probe IPv4")


@pytest.mark.parametrize(
    ("damage", "fault", "failing"),
    [
        ("nft delete table netdev eve-meta-tap0", "the nftables table", {"probe IPv4", "probe IPv6"}),
        ("ip link del {link}", "the link", {"probe IPv4", "probe IPv6"}),
        ("ip link set {link} down", "the link being up", {"probe IPv4", "probe IPv6"}),
        ("{inside} ip addr del 169.254.169.254/32 dev eth0", "the address 169.254.169.254", {"probe IPv4"}),
        ("{inside} iptables -t nat -F PREROUTING", "the rules of ip nat PREROUTING", {"probe IPv4"}),
        (
            "{inside} sysctl -q -w net.ipv6.conf.eth0.forwarding=1",
            "the sysctl ipv6/conf/eth0/forwarding",
            set(),
        ),
    ],
)
def test_damaged_while_stopped(host: Host, agent: Agent, damage: str, fault: str, failing: set[str]) -> None:
    """What somebody did to the wiring while there was no agent is named."""
    host.guest("red", "tap0")
    agent.attach("tap0", RED)
    agent.stop()
    run(*damage.format(link=link_of("tap0"), inside="ip netns exec eve-meta-tap0").split())
    found = examined(agent, "tap0")
    message = f"not as it should be, or not there: {fault}"
    assert ("FAIL", message, AGENT_STARTS) in found.of("wiring")
    assert failing <= found.failed


@pytest.mark.parametrize(
    ("obstacle", "named", "is_dropping"),
    [
        ("ingress priority -501; policy accept; ip daddr 169.254.169.254 drop", "ingress", True),
        ("egress priority 0; policy drop;", "egress", True),
        ("ingress priority -501; policy accept; ip daddr 192.0.2.1 drop", "ingress", False),
        ("ingress priority -501; policy accept; ip daddr 169.254.169.254 counter", None, False),
        ("ingress priority -499; policy drop;", None, False),
    ],
    ids=["before", "behind", "others", "counter", "after"],
)
def test_another_table(host: Host, agent: Agent, obstacle: str, named: str | None, is_dropping: bool) -> None:  # noqa: FBT001 - a parameter
    """A table of somebody else's that may take frames away before ours, or answers, is named."""
    direction, _, rest = obstacle.partition(" ")
    host.guest("red", "tap0")
    agent.attach("tap0", RED)
    hook = f'type filter hook {direction} device "tap0" {rest}'
    run("nft", "-f", "-", given=f"table netdev firewall {{\nchain guests {{\n{hook}\n}}\n}}\n")
    try:
        found = examined(agent, "tap0")
    finally:
        run("nft", "delete", "table", "netdev", "firewall")
    if named:
        message = f"chain guests of the nftables table netdev firewall at the {named} of tap0 sees them"
        assert found.of("frames") == [("warn", message, TAKEN_AWAY)]
    else:
        assert found.of("frames")[0][0] == "ok"
    assert is_dropping == bool(found.failed & {"probe IPv4"})


def test_a_filter(host: Host, agent: Agent) -> None:
    """A filter of tc's comes before our rules: it is named, and what it takes away is missing."""
    host.guest("red", "tap0")
    host.bridge("sink")
    agent.attach("tap0", RED)
    run("tc", "qdisc", "add", "dev", "tap0", "clsact")
    everything = ("protocol", "all", "u32", "match", "u32", "0", "0")
    run(
        "tc",
        "filter",
        "add",
        "dev",
        "tap0",
        "ingress",
        *everything,
        *("action", "mirred", "egress", "redirect", "dev", "sink"),
    )
    found = examined(agent, "tap0")
    assert found.of("frames") == [("warn", "tc's ingress filter u32 of tap0 sees them", TAKEN_AWAY)]
    assert {"probe IPv4", "probe IPv6"} == found.failed
    assert found.of("frames") == examined(agent).of("frames")


def test_an_xdp_program(host: Host, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of XDP's comes before all: it is named, and what it drops is missing."""
    host.guest("red", "tap0")
    agent.attach("tap0", RED)
    monkeypatch.setattr(bpf, "_PROG_TYPE_SCHED_CLS", _PROG_TYPE_XDP)
    program = bpf._loaded((bpf._SET, 0, 0, 0, _XDP_DROP), (bpf._EXIT, 0, 0, 0, 0))
    with Netlink(NETLINK_ROUTE) as route:
        settings = struct.pack("=I", program), struct.pack("=I", _XDP_FLAGS_SKB_MODE)
        given = nest(rtnetlink.IFLA_XDP, *map(attribute, (_IFLA_XDP_FD, _IFLA_XDP_FLAGS), settings))
        route.transact([rtnetlink.set_up("tap0", given)])
    os.close(program)
    found = examined(agent, "tap0")
    ((level, message, remedy),) = found.of("frames")
    assert ("warn", TAKEN_AWAY) == (level, remedy)
    assert re.fullmatch(r"the XDP program \d+ of tap0 sees them", message)
    assert {"probe IPv4", "probe IPv6"} == found.failed


@pytest.mark.parametrize(("direction", "place"), [("ingress", 46), ("egress", 47)])
def test_a_tcx_program(host: Host, agent: Agent, direction: str, place: int) -> None:
    """A program of tcx comes before us, or sees what we answer."""
    host.guest("red", "tap0")
    agent.attach("tap0", RED)
    program = bpf._loaded((bpf._SET, 0, 0, 0, bpf._TC_ACT_SHOT), (bpf._EXIT, 0, 0, 0, 0))
    index = socket.if_nametoindex("tap0")
    attached = ctypes.create_string_buffer(_PROG_ATTACHMENT.pack(index, program, place, 0, 0, 0, 0))
    has_tcx = True
    try:
        bpf._call(_PROG_ATTACH, attached, _PROG_ATTACHMENT.size)
    except OSError:  # Linux before 6.6
        has_tcx = False
    os.close(program)
    assert has_tcx == bool([*bpf.tcx_programs(index)])
    if not has_tcx:
        return
    found = examined(agent, "tap0")
    ((level, message, remedy),) = found.of("frames")
    assert ("warn", TAKEN_AWAY) == (level, remedy)
    assert re.fullmatch(rf"the {direction} program \d+ of tcx of tap0 sees them", message)
    assert {"probe IPv4", "probe IPv6"} == found.failed


def test_killed(host: Host, agent: Agent) -> None:
    """A doctor that is killed while it asks leaves nothing."""
    agent.attach(host.tap("tap0"), RED)
    agent.stop()
    before = kernel_objects()
    command = [*EVE_META, "doctor", "--run-dir", str(agent.run_dir), "tap0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        assert soon(lambda: any(each.startswith("evprobe") for each in kernel_objects()["links"]), 30)
        process.kill()
    assert soon(lambda: before == kernel_objects())


def test_rivals(host: Host, agent: Agent) -> None:
    """Who else has the address is named; an attached guest is answered all the same."""
    need_programs("iptables", "ebtables")
    host.add_gateway(host.bridge(), f"{IPV4}/32")
    ip("route", "add", f"{IPV4}/32", "dev", "br0")
    run("iptables", "-t", "nat", "-A", "PREROUTING", "-d", IPV4, "-p", "tcp", "-j", "REDIRECT")
    run("ebtables", "-A", "FORWARD", "-p", "IPv4", "--ip-dst", IPV4, "-j", "DROP")
    ip("netns", "add", "qdhcp-1")
    host.guest("red", "tap0", bridge="br0")
    agent.attach("tap0", RED)
    try:
        with listening() as process:
            found = examined(agent, "tap0")
    finally:
        ip("netns", "del", "qdhcp-1")
        run("nft", "flush", "ruleset")
    assert found.code == 0
    assert [("warn", each, STEERED_ELSEWHERE) for each in named(process.pid)] == found.of("others")


def named(pid: int) -> list[str]:
    """What `test_rivals` makes, in the doctor's words."""
    return [
        f"br0 has the address {IPV4}",
        f"a route to {IPV4} leads to br0",
        f"{Path(sys.executable).resolve().name[:15]} (pid {pid}) listens at {IPV4}, port 80",
        f"rules in ip nat PREROUTING name {IPV4}",
        f"rules in bridge filter FORWARD name {IPV4}",
        "OpenStack's neutron answers in namespaces like qdhcp-1",
    ]


@contextmanager
def listening() -> Iterator["subprocess.Popen[bytes]"]:
    """Another metadata service."""
    command = [str(Path(sys.executable).resolve()), "-m", "http.server", "--bind", IPV4, "80"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert soon(lambda: f"{IPV4}:80" in run("ss", "-Hltn"))
            yield process
        finally:
            process.kill()


def test_another_answers(host: Host, agent: Agent) -> None:
    """Where frames are not steered and somebody else answers, that is said."""
    host.add_gateway(host.bridge(), f"{IPV4}/16")
    ip("link", "set", "br0", "address", "02:00:00:00:00:99")
    host.guest("red", "tap0", bridge="br0")
    agent.attach("tap0", RED)
    agent.stop()
    run("nft", "delete", "table", "netdev", "eve-meta-tap0")
    with listening():
        ((level, message, remedy),) = examined(agent, "tap0").of("probe IPv4")
    assert level == "FAIL"
    assert message.startswith(
        "another than eve-meta is asked, at 02:00:00:00:00:99: /latest/api/token is answered 501"
    )
    assert remedy == "its frames are not steered, or dropped before: see the lines above"


def test_a_host_with_many(host: Host, agent: Agent) -> None:
    """Without an interface the host is looked at, and who disturbs any of its interfaces."""
    for tap, document in (("tap0", RED), ("tap1", GREEN)):
        host.guest(f"of-{tap}", tap)
        agent.attach(tap, document)
    assert examined(agent).of("agent") == [("ok", "runs, with 2 interfaces attached", "")]
    hook = 'type filter hook ingress device "tap1" priority -600; policy drop;'
    run("nft", "-f", "-", given=f"table netdev x {{\nchain y {{\n{hook}\n}}\n}}\n")
    try:
        found = examined(agent)
    finally:
        run("nft", "delete", "table", "netdev", "x")
    assert found.code == 0
    assert [each[1] for each in found.of("frames")] == [
        "chain y of the nftables table netdev x at the ingress of tap1 sees them"
    ]


def test_what_the_agent_says(host: Host, agent: Agent) -> None:
    """A document that is set aside and an interface that failed are told, with their reasons."""
    agent.attach(host.tap("tap0"), RED)
    agent.stop()
    (path,) = (agent.state_dir / "vms").glob("*.json")
    path.write_text("{")
    agent.start()
    found = examined(agent)
    assert {"document"} == found.failed
    assert path.name in found.of("document")[0][1]
    for each in (agent.state_dir / "vms").iterdir():
        each.unlink()


def test_no_room(host: Host, agent: Agent) -> None:
    """A state directory that nothing can be written to, or that is full, is named."""
    del host
    agent.stop()
    for options, message in (("ro", "is read-only"), ("size=1m", "is full")):
        run("mount", "-t", "tmpfs", "-o", options, "none", str(agent.state_dir))
        try:
            ((level, said, _),) = examined(agent).of("state directory")
        finally:
            run("umount", str(agent.state_dir))
        assert level == "FAIL"
        assert message in said


@pytest.mark.usefixtures("host")
def test_not_root() -> None:
    """Without root that is all that it says."""
    command = [*NOBODY, *READER, *EVE_META, "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = "FAIL  root: not root: network namespaces need it: run as root, e.g. with sudo\n"
    assert (1, said, "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("program", ["iptables-restore", "ip6tables-restore"])
def test_no_iptables(agent: Agent, tmp_path: Path, program: str) -> None:
    """What the agent would not start without is named in its words."""
    hide = f"""
    directory=$(dirname $(readlink -f $(command -v {program})))
    mkdir {tmp_path}/sbin && cp -a $directory/. {tmp_path}/sbin && rm {tmp_path}/sbin/{program}
    mount --bind {tmp_path}/sbin $directory
    exec "$@"
    """
    command = [*EVE_META, "doctor", "--run-dir", str(agent.run_dir)]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", hide, "sh", *command], capture_output=True, text=True, check=False
    )
    said = f"FAIL  iptables: {program}: install iptables (Debian: apt-get install iptables)"
    assert said in done.stdout.splitlines()
    assert done.returncode == 1
