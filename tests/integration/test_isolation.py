"""Fifty guests with one MAC and one IP address on one bridge: each reads its own, whatever others send."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from netns import namespace_of, namespaces
from netns.steered import MAX_SENDERS
from netns.wiring import INNER_MAC, SERVICE_PORT
from tests.agents import Agent
from tests.hosts import ANSWER_SECONDS, HOSTNAME, IPV4, LINK_LOCAL, MAC, NIC, UNIQUE_LOCAL, Guest, ip
from tests.integration import attacks, frames, packets
from tests.integration.attacks import ATTACKER_MAC, STRANGERS, Flood
from tests.integration.crowds import (
    BRIDGE,
    GATEWAY,
    GATEWAY6,
    METADATA_ADDRESSES,
    Crowd,
    Member,
    gathered,
    misread,
)
from tests.integration.frames import Sniffer
from tests.integration.impostor import Impostor, Tags
from tests.integration.lookouts import Lookout, attacked, looking
from tests.support import soon

META_DATA = "/openstack/latest/meta_data.json"
SILENCE_SECONDS = 0.3
_LISTENS = "0A"
_SOCKETS = ("icmp", "icmp6", "packet", "raw", "raw6", "tcp", "tcp6", "udp", "udp6", "udplite", "udplite6")


@pytest.fixture(scope="module")
def crowd(shared_agent: Agent) -> Iterator[Crowd]:
    """See `Crowd`."""
    shared_agent.start()
    with gathered(shared_agent) as made:
        yield made


@pytest.fixture
def lookout(crowd: Crowd) -> Iterator[Lookout]:
    """See `looking`."""
    with looking(crowd) as made:
        yield made


def test_peace(crowd: Crowd) -> None:
    """Each guest reads its own, asked by all at all three addresses."""
    assert 50 == len({each.hostname for each in crowd.members})
    assert [] == misread(crowd.members)


@pytest.mark.parametrize("flood", attacks.FLOODS, ids=lambda flood: flood.__name__)
def test_flood(crowd: Crowd, lookout: Lookout, flood: Flood) -> None:
    """While attackers flood all others read their own, and nobody but them sees a byte of it."""
    with attacked(crowd, flood):
        assert [] == misread(crowd.victims)

    assert not [frame for frame in lookout.seen_on_bridge() if b"HTTP/1" in frame or b"secret" in frame]
    for member, seen in lookout.seen_by_attackers():
        assert member.marks[0] in seen
        assert [] == [mark for mark in crowd.others(member) if mark in seen]


@pytest.mark.parametrize("name", attacks.DISGUISES)
def test_disguise(crowd: Crowd, lookout: Lookout, name: str) -> None:
    """A packet in disguise is answered with its sender's own or not at all, and is on no bridge."""
    target, disguise, is_answered = attacks.DISGUISES[name]
    answer = _asked_by_hand(crowd, target, disguise=disguise, is_answered=is_answered)

    assert is_answered == _is_own(answer, crowd)
    assert is_answered or b"" == answer
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize("target", METADATA_ADDRESSES)
@pytest.mark.parametrize("tags", attacks.PRIORITY_TAGS.values(), ids=list(attacks.PRIORITY_TAGS))
def test_priority_tag(crowd: Crowd, lookout: Lookout, target: str, tags: Tags) -> None:
    """A frame with a priority tag is of no VLAN, so it is steered, and its sender answered, as without."""
    assert _is_own(_asked_by_hand(crowd, target, tags=tags), crowd)
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize("tags", attacks.STACKED_TAGS.values(), ids=list(attacks.STACKED_TAGS))
def test_stacked_tags(crowd: Crowd, lookout: Lookout, tags: Tags) -> None:
    """A frame with tags in a priority tag, which a host peels one by one, is dropped at its port."""
    assert b"" == _asked_by_hand(crowd, IPV4, tags=tags, is_answered=False)
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize("tags", attacks.VLAN_TAGS.values(), ids=list(attacks.VLAN_TAGS))
def test_vlan_tags(crowd: Crowd, lookout: Lookout, tags: Tags) -> None:
    """A frame of a VLAN goes where it went before: nobody answers it here."""
    assert b"" == _asked_by_hand(crowd, IPV4, tags=tags, is_answered=False)
    assert 1 == len(_aimed_at_metadata(lookout.seen_on_bridge()))


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (IPV4, GATEWAY),
        (IPV4, "192.0.2.1"),
        (LINK_LOCAL, "fe80::1"),
        (LINK_LOCAL, "::"),
        (UNIQUE_LOCAL, GATEWAY6),
        (UNIQUE_LOCAL, "2001:db8::1"),
    ],
)
def test_spoofed_address(crowd: Crowd, lookout: Lookout, target: str, source: str) -> None:
    """Whatever address an attacker speaks from, the gateway's too, it is told its own."""
    assert _is_own(_asked_by_hand(crowd, target, source=source), crowd)
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (IPV4, IPV4),
        (IPV4, "127.0.0.1"),
        (IPV4, "0.0.0.0"),
        (LINK_LOCAL, LINK_LOCAL),
        (UNIQUE_LOCAL, "::1"),
    ],
)
def test_impossible_address(crowd: Crowd, lookout: Lookout, target: str, source: str) -> None:
    """From an address that no other host can have an attacker is told nothing."""
    assert b"" == _asked_by_hand(crowd, target, source=source, is_answered=False)
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize("target", METADATA_ADDRESSES)
@pytest.mark.parametrize("mac", [MAC, INNER_MAC, BRIDGE, "link"])
def test_spoofed_hardware(crowd: Crowd, lookout: Lookout, target: str, mac: str) -> None:
    """Whatever hardware address an attacker speaks from, it is told its own."""
    mac = {BRIDGE: crowd.bridge_mac, "link": crowd.link_mac}.get(mac, mac)
    assert _is_own(_asked_by_hand(crowd, target, mac=mac), crowd)
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize("target", METADATA_ADDRESSES)
@pytest.mark.parametrize("towards", [MAC, BRIDGE, "link", packets.BROADCAST])
def test_others_hardware(crowd: Crowd, lookout: Lookout, target: str, towards: str) -> None:
    """Whoever a frame for a metadata address is for by its hardware address, its sender's own answers."""
    towards = {BRIDGE: crowd.bridge_mac, "link": crowd.link_mac}.get(towards, towards)
    assert _is_own(_asked_by_hand(crowd, target, towards=towards), crowd)
    assert not _aimed_at_metadata(lookout.seen_on_bridge())


@pytest.mark.parametrize("address", METADATA_ADDRESSES)
def test_poisoned_victim(crowd: Crowd, address: str) -> None:
    """A guest that takes an attacker for a metadata address still reads its own, unseen by the attacker."""
    victim = crowd.victims[0]
    with closing(crowd.attackers[0].guest.inside(lambda: Sniffer.on(NIC))) as sniffer:
        assert victim.hostname == victim.guest.read(HOSTNAME, address)
        with attacked(crowd, attacks.claims):
            assert soon(lambda: ATTACKER_MAC == _neighbour(victim.guest, address))
            assert victim.hostname == victim.guest.read(HOSTNAME, address)
        assert not any(mark in frame for frame in sniffer.so_far() for mark in victim.marks)


@pytest.mark.parametrize(
    ("address", "gateway"), [(IPV4, GATEWAY), (UNIQUE_LOCAL, GATEWAY6)], ids=["IPv4", "IPv6"]
)
def test_poisoned_gateway(crowd: Crowd, address: str, gateway: str) -> None:
    """A guest that takes an attacker for its gateway, by which it asks, still reads its own."""
    victim, guest = crowd.victims[0], crowd.victims[0].guest
    family = "-6" if ":" in address else "-4"
    guest.run("ip", family, "route", "replace", address, "via", gateway, "dev", NIC, "onlink")
    guest.run("ip", "neigh", "replace", gateway, "lladdr", crowd.bridge_mac, "dev", NIC, "nud", "stale")
    with (
        closing(crowd.attackers[0].guest.inside(lambda: Sniffer.on(NIC))) as sniffer,
        attacked(crowd, attacks.claims),
    ):
        assert soon(lambda: ATTACKER_MAC == _neighbour(guest, gateway))
        assert victim.hostname == guest.read(HOSTNAME, address)
        assert not any(mark in frame for frame in sniffer.so_far() for mark in victim.marks)
    guest.run("ip", family, "route", "replace", address, "dev", NIC)


@pytest.mark.parametrize("path", ["/latest/meta-data/", HOSTNAME, "/openstack/latest/"])
@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For: 10.0.0.6",
        "X-Forwarded-For: 127.0.0.1, 169.254.169.254",
        "X-Instance-ID: {uuid}",
        "X-Instance-ID: {uuid}\r\nX-Tenant-ID: {uuid}\r\nX-Instance-ID-Signature: 0123",
        "X-Network-ID: {uuid}\r\nX-Router-ID: {uuid}\r\nX-OVN-Network-ID: {uuid}",
        "Forwarded: for=10.0.0.6;host={hostname}",
        "X-Real-IP: 10.0.0.6\r\nX-Forwarded-Host: {hostname}",
        "X-LB-Provider-Id: {uuid}\r\nX-Metadata-Provider: {uuid}",
    ],
)
def test_header(crowd: Crowd, path: str, header: str) -> None:
    """Who says in a header that it is another is answered the same as who does not."""
    attacker, other = crowd.attackers[0], crowd.victims[0]
    said = header.format(uuid=other.uuid, hostname=other.hostname)
    assert _answer(attacker, path, "metadata") == _answer(attacker, path, f"metadata\r\n{said}")


@pytest.mark.parametrize("host", ["tap7", "{hostname}", "{uuid}", "10.0.0.6", "127.0.0.1:8775", "[::1]"])
@pytest.mark.parametrize("target", [HOSTNAME, f"http://{{host}}{HOSTNAME}"], ids=["Host", "absolute-form"])
def test_other_host(crowd: Crowd, host: str, target: str) -> None:
    """Who asks for another host is answered the same as who does not."""
    attacker, other = crowd.attackers[0], crowd.victims[0]
    host = host.format(uuid=other.uuid, hostname=other.hostname)
    assert _answer(attacker, HOSTNAME, "metadata") == _answer(attacker, target.format(host=host), host)


def test_one_listener(crowd: Crowd) -> None:
    """In each namespace one socket is open to anybody, and it is the service's."""
    for each in crowd.members:
        assert [("tcp6", "0" * 32, SERVICE_PORT)] == namespaces.enter(
            namespace_of(each.guest.tap), lambda: list(_open_sockets())
        )


def test_many_senders(crowd: Crowd) -> None:
    """Who asks from thousands of addresses takes few of the host's neighbour entries; others are answered."""
    *others, culprit = crowd.victims
    frames.send(culprit.guest, *attacks.many_senders(crowd, culprit.guest))
    for family in ("-4", "-6"):
        taken = json.loads(ip("-n", namespace_of(culprit.guest.tap), "-j", family, "neigh"))
        assert MAX_SENDERS // 2 < len(taken) <= 2 * MAX_SENDERS
    for each in others:
        ip("-n", namespace_of(each.guest.tap), "neigh", "flush", "all")
    assert [] == misread(others)


def _open_sockets() -> Iterator[tuple[str, str, int]]:
    """What frames of this thread's network namespace can reach: kind, address, port.

    Source: proc_pid_net(5). Of TCP those that listen; of packet sockets each has all that it can have.
    """
    for path in sorted(Path("/proc/thread-self/net").iterdir()):
        if path.name in _SOCKETS:
            for line in path.read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == _LISTENS or not path.name.startswith("tcp"):
                    address, _, port = local.partition(":")
                    yield path.name, address, int(port or "0", 16)


def _asked_by_hand(crowd: Crowd, target: str, *, is_answered: bool = True, **manner: Any) -> bytes:
    """What an attacker is answered that speaks in some manner; see `Impostor`."""
    patience = ANSWER_SECONDS if is_answered else SILENCE_SECONDS
    manner = {"source": STRANGERS[target], **manner}
    guest = crowd.attackers[0].guest
    return Impostor(guest=guest, target=target, patience_seconds=patience, **manner).ask(META_DATA)


def _is_own(answer: bytes, crowd: Crowd) -> bool:
    """Whether it is the document of the attacker that asks by hand, with nothing of another's."""
    attacker = crowd.attackers[0]
    assert not any(mark in answer for mark in crowd.others(attacker))
    return all(mark in answer for mark in attacker.marks)


def _aimed_at_metadata(seen: list[bytes]) -> list[bytes]:
    """The frames with a metadata address behind their hardware addresses."""
    packed = [ip_address(each).packed for each in METADATA_ADDRESSES]
    return [frame for frame in seen if any(each in frame[12:] for each in packed)]


def _neighbour(guest: Guest, address: str) -> str | None:
    """What hardware address a guest takes another's address for."""
    listed = json.loads(ip("-n", guest.name, "-j", "neigh", "show", "dev", NIC))
    return next((each.get("lladdr") for each in listed if each["dst"] == address), None)


def _answer(member: Member, target: str, host: str) -> bytes:
    """All that is answered, but for the time, to a request with a Host header and what stands behind it."""
    with member.guest.connect() as connection, connection.makefile("rb") as reading:
        request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = reading.read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    return re.sub(rb"\r\nDate: [^\r]*", b"", answer)
