"""What is not ours on the host: it is the same before, during and after everything that we do."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import frozen

from netns import link_of, namespace_of, namespaces
from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, Guest, Host, ip, run
from tests.support import soon

COUNTER = "metadata"
NETDEV_TABLE = f"""
table netdev {COUNTER} {{
    counter asked {{ }}
    chain asked {{
        type filter hook ingress device "tap0" priority -501; policy accept;
        ip daddr 169.254.169.254 counter name asked
    }}
}}
"""
IPTABLES = """
*nat
-A PREROUTING -d 169.254.169.254/32 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8775
COMMIT
*filter
-A FORWARD -d 169.254.169.254/32 -j DROP
COMMIT
"""


@frozen
class Crowd:
    """A guest on a bridge, among links, namespaces, tables and rules of others."""

    guest: Guest


@pytest.fixture
def crowd(host: Host) -> Iterator[Crowd]:
    """See `Crowd`."""
    host.bridge("evm0")
    host.bridge("eve-meta-br")
    host.bridge("evmabcdefghijkl")
    guest = host.guest("foreign", "tap0", bridge="evm0", gateway="10.0.0.1")
    host.add_gateway("evm0", "10.0.0.1/24")
    run("nft", "-f", "-", given=NETDEV_TABLE)
    for program in ("iptables-restore", "ip6tables-restore"):
        run(program, "--noflush", given=IPTABLES if program == "iptables-restore" else "*filter\nCOMMIT\n")
    assert soon(lambda: "tentative" not in ip("addr"))
    yield Crowd(guest)
    run("nft", "flush", "ruleset")


def test_flushed_ruleset(host: Host, agent: Agent) -> None:
    """When all rules of the host are flushed, as a firewall does, guests are answered again at once."""
    bridge = host.bridge()
    guests = [host.guest(name, tap, bridge=bridge) for name, tap in (("red", "tap0"), ("green", "tap1"))]
    agent.attach("tap0", RED)
    agent.attach("tap1", GREEN)
    before = tables()
    run("nft", "flush", "ruleset")
    assert soon(lambda: before == tables())
    assert ["red", "green"] == [guest.read(HOSTNAME) for guest in guests]


def test_untouched(crowd: Crowd, agent: Agent) -> None:
    """Attach, stop, start and detach leave every link, address, route, rule, table and sysctl of others."""
    agent.stop()
    before = everything_of_others(crowd)
    for do in (
        agent.start,
        lambda: agent.attach("tap0", RED),
        agent.stop,
        agent.start,
        agent.kill,
        agent.start,
        lambda: agent.detach("tap0"),
    ):
        do()
        assert before == everything_of_others(crowd)


def test_foreign_counter_counts(crowd: Crowd, agent: Agent) -> None:
    """A table of another that looks at the port's frames first still sees those that are steered."""
    agent.attach("tap0", RED)
    assert crowd.guest.read(HOSTNAME) == "red"
    listed = json.loads(run("nft", "-j", "list", "counter", "netdev", COUNTER, "asked"))
    (counter,) = (each["counter"] for each in listed["nftables"] if "counter" in each)
    assert counter["packets"] > 0


def everything_of_others(crowd: Crowd) -> dict[str, object]:
    """All that can be listed, without what is ours, and without what counts or tells the time."""
    ours = link_of("tap0")
    where = crowd.guest.name
    return {
        "namespaces": [each for each in namespaces.names("") if each != namespace_of("tap0")],
        "links": [each for each in shown("link") if each["ifname"] != ours],
        "addresses": [each for each in shown("addr") if each["ifname"] != ours],
        "routes": shown("route", "show", "table", "all") + shown("-6", "route", "show", "table", "all"),
        "rules": shown("rule") + shown("-6", "rule"),
        "inside": [shown("-n", where, *each) for each in (("link",), ("addr",), ("route",))],
        "nftables": [each for each in ruleset() if namespace_of("tap0") not in json.dumps(each)],
        "iptables": [uncounted(run(program)) for program in ("iptables-save", "ip6tables-save")],
        "sysctls": {name: value for name, value in sysctls() if f"/{ours}/" not in name},
    }


def shown(*arguments: str) -> list[dict[str, object]]:
    """What `ip -j` lists."""
    listed: list[dict[str, object]] = json.loads(ip("-j", *arguments) or "[]")
    return listed


def ruleset() -> list[object]:
    """What nftables holds, without its counters."""
    listed: list[object] = json.loads(run("nft", "-j", "-s", "list", "ruleset"))["nftables"]
    return listed


def uncounted(saved: str) -> list[str]:
    """The lines of `iptables-save`, without comments and counters."""
    return [re.sub(r"\[\d+:\d+\]", "", line) for line in saved.splitlines() if not line.startswith("#")]


def sysctls() -> Iterator[tuple[str, str]]:
    """Those of links, neighbours and forwarding."""
    for family in ("ipv4", "ipv6"):
        root = Path("/proc/sys/net") / family
        for path in (root / "ip_forward", *root.glob("conf/*/*"), *root.glob("neigh/*/*")):
            with suppress(OSError):
                yield str(path), path.read_text(encoding="ascii")


def tables() -> set[str]:
    """The nftables of the host, by name."""
    return set(run("nft", "list", "tables").splitlines())
