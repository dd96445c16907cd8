"""What is in a namespace stays there: nothing is forwarded, learnt or reached but the guest that asks."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from netns import link_of, namespace_of, namespaces
from netns.wiring import INNER_LINK, INNER_MAC
from tests.agents import RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, MAC, Guest, Host, ip, mac_of
from tests.integration import attacks, frames, packets
from tests.integration.crowds import GATEWAY, METADATA_ADDRESSES
from tests.integration.frames import Sniffer, packet_socket
from tests.integration.impostor import Impostor
from tests.support import soon

NAMESPACE, LINK = namespace_of("tap0"), link_of("tap0")
SOURCES = {4: "10.0.0.5", 6: "fe80::ff:fe00:5"}
STRAY = b"stray"
END = b"the end"
ECHO_REQUEST, REDIRECT = 8, 5
SILENCE_SECONDS = 0.3
MDNS, LLMNR, DNS, DHCP, NTP = 5353, 5355, 53, 67, 123
ELSEWHERE = (
    ("10.0.0.77", DNS),
    ("192.0.2.1", DNS),
    (GATEWAY, DNS),
    ("169.254.169.253", DNS),
    ("127.0.0.1", DNS),
    ("255.255.255.255", DHCP),
    ("224.0.0.251", MDNS),
    ("224.0.0.252", LLMNR),
    ("fd00::77", DNS),
    ("2001:db8::1", DNS),
    ("fe80::77", DNS),
    ("::1", DNS),
    ("ff02::1", NTP),
    ("ff02::fb", MDNS),
    ("ff02::1:3", LLMNR),
)
_ARP_REQUEST, _SOLICITATION = bytes.fromhex("08060001"), bytes.fromhex("86dd3a87")
CLOSED = tuple((address, port) for address in METADATA_ADDRESSES for port in (DNS, DHCP, NTP, MDNS, 8775))


@frozen
class Scene:
    """A guest that is answered, and a sniffer on the link into its namespace."""

    red: Guest
    sniffer: Sniffer

    def seen_until_end(self, send_end: bytes) -> list[bytes]:
        """What has passed the link until the namespace echoes the end, which is sent after all else."""
        seen: list[bytes] = []

        def is_echoed() -> bool:
            seen.extend(self.sniffer.so_far())
            return any(END in each for each in seen if _is_from_inside(each))

        with closing(packet_socket(LINK)) as link:
            link.send(send_end)
        assert soon(is_echoed)
        return seen


@pytest.fixture
def scene(host: Host, agent: Agent) -> Iterator[Scene]:
    """See `Scene`."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    assert "red" == red.read(HOSTNAME)
    with closing(Sniffer.on(LINK)) as sniffer:
        yield Scene(red, sniffer)


def test_nothing_else_enters(scene: Scene) -> None:
    """What a guest sends to others, even with the hardware address of the link, does not get in."""
    frames.send(scene.red, *strays(MAC))
    seen = scene.seen_until_end(end())
    assert not [each for each in seen if STRAY in each]


def test_nothing_leaves(scene: Scene) -> None:
    """Of what gets in, and of what would if all were steered, nothing comes out but answers to the guest."""
    with closing(packet_socket(LINK)) as link:
        for each in (*strays(MAC), *detours(), *persuasions()):
            link.send(each)
    came_out = [each for each in scene.seen_until_end(end()) if _is_from_inside(each)]

    assert not [each for each in came_out if STRAY in each]
    askers = {*SOURCES.values(), *attacks.STRANGERS.values()}
    assert {None} | askers >= set(map(_sought, came_out))
    for source, target in filter(None, map(_ends, came_out)):
        assert str(source) in METADATA_ADDRESSES
        assert target.is_multicast or str(target) in askers


def test_nothing_is_learnt(scene: Scene) -> None:
    """Redirects and router advertisements change neither addresses nor routes in the namespace."""
    before = ways()
    with closing(packet_socket(LINK)) as link:
        for each in persuasions():
            link.send(each)
    scene.seen_until_end(end())
    assert before == ways()


def test_no_other_way(scene: Scene) -> None:
    """The one way out of a namespace is its link, on which all hosts are; nothing stands beside it."""
    del scene
    assert {"lo", INNER_LINK} == {each["ifname"] for each in shown("link")}
    for family in ("-4", "-6"):
        ways_out = [each for each in shown(family, "route", "show", "table", "all") if each["dev"] != "lo"]
        assert {INNER_LINK} == {each["dev"] for each in ways_out}
        assert not [each for each in ways_out if "gateway" in each or "nexthops" in each]
    assert set(METADATA_ADDRESSES) == {
        each["local"] for link in shown("addr") if link["ifname"] == INNER_LINK for each in link["addr_info"]
    }


@pytest.mark.parametrize(
    ("family", "names"),
    [
        (
            "ipv4",
            (
                "accept_local",
                "accept_redirects",
                "accept_source_route",
                "arp_accept",
                "forwarding",
                "proxy_arp",
                "route_localnet",
                "rp_filter",
                "send_redirects",
            ),
        ),
        (
            "ipv6",
            (
                "accept_ra",
                "accept_redirects",
                "accept_source_route",
                "autoconf",
                "forwarding",
                "proxy_ndp",
                "rpl_seg_enabled",
                "seg6_enabled",
            ),
        ),
    ],
)
def test_sysctls(scene: Scene, family: str, names: tuple[str, ...]) -> None:
    """Forwarding, and all that listens to what a guest says of ways, is off."""
    del scene

    def read() -> dict[str, str]:
        conf = Path(f"/proc/sys/net/{family}/conf")
        paths = (conf / link / name for link in ("all", INNER_LINK) for name in names)
        return {str(each): each.read_text(encoding="ascii").strip() for each in paths}

    assert {"0"} == set(namespaces.enter(NAMESPACE, read).values())


def test_hosts_own_address(host: Host, agent: Agent) -> None:
    """What the host has at 169.254.169.254 is the host's, unchanged, and beyond an attached guest's reach."""
    bridge = host.bridge()
    host.add_gateway(bridge, f"{GATEWAY}/24")
    host.bridge("cloud0")
    ip("addr", "add", f"{IPV4}/32", "dev", "cloud0")
    attached, other = (
        host.guest(name, tap, bridge=bridge) for name, tap in (("red", "tap0"), ("green", "tap1"))
    )
    towards = mac_of(bridge)

    def ask(guest: Guest, tags: tuple[tuple[int, int], ...]) -> None:
        Impostor(
            guest=guest,
            source="10.0.0.99",
            target=IPV4,
            towards=towards,
            tags=tags,
            patience_seconds=SILENCE_SECONDS,
        ).ask("/")

    with socket.create_server((IPV4, 80)) as listening:
        listening.settimeout(SILENCE_SECONDS)
        before = hosts_own()
        for tags in every_tag():
            ask(other, tags)
            listening.accept()[0].close()
        agent.attach("tap0", RED)
        for tags in every_tag():
            ask(attached, tags)
        assert "red" == attached.read(HOSTNAME)
        with pytest.raises(TimeoutError):
            listening.accept()
        assert before == hosts_own()
        agent.detach("tap0")
        assert before == hosts_own()
        with socket.create_connection((IPV4, 80)):
            listening.accept()[0].close()


def every_tag() -> Iterator[tuple[tuple[int, int], ...]]:
    """None, and all that the host takes off."""
    yield ()
    yield from attacks.PRIORITY_TAGS.values()
    yield from (each for each in attacks.STACKED_TAGS.values() if all(number == 0 for _, number in each))


def strays(mac: str) -> Iterator[bytes]:
    """Datagrams and connections for others, and for ports that nobody should hear on."""
    for target, port in ELSEWHERE:
        source = SOURCES[ip_address(target).version]
        yield packets.framed(INNER_MAC, mac, packets.datagram(source, target, port, STRAY))
        for each in Impostor(guest=Guest("", ""), source=source, target=target, mac=mac).opening():
            yield each + STRAY


def detours() -> Iterator[bytes]:
    """Packets for the metadata addresses that say by which ways they go on, and for closed ports."""
    for target, disguise, _ in attacks.DISGUISES.values():
        source = attacks.STRANGERS[target]
        yield from disguise(packets.framed(INNER_MAC, MAC, packets.datagram(source, target, DNS, STRAY)))
    for target, port in CLOSED:
        source = SOURCES[ip_address(target).version]
        yield packets.framed(INNER_MAC, MAC, packets.datagram(source, target, port, STRAY))


def persuasions() -> Iterator[bytes]:
    """Redirects and router advertisements."""
    about = packets.datagram(IPV4, SOURCES[4], DNS, STRAY)
    redirect = struct.pack("!BBH4s", REDIRECT, 1, 0, IPv4Address("10.0.0.77").packed) + about
    yield packets.framed(INNER_MAC, MAC, packets.ip(GATEWAY, IPV4, socket.IPPROTO_ICMP, summed(redirect)))
    ends = IPv6Address("fe80::77").packed + IPv6Address(SOURCES[6]).packed
    redirect = packets.icmp6("fe80::1", LINK_LOCAL, packets.REDIRECT, bytes(4) + ends)
    yield packets.framed(INNER_MAC, MAC, redirect)
    prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 3600, 3600, 0, IPv6Address("2001:db8::").packed)
    said = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + prefix
    for target in ("ff02::1", LINK_LOCAL):
        told = packets.icmp6("fe80::1", target, packets.ROUTER_ADVERTISEMENT, said)
        yield packets.framed(INNER_MAC, MAC, told)


def end() -> bytes:
    """A ping that is answered."""
    asked = summed(struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 1, 1) + END)
    return packets.framed(INNER_MAC, MAC, packets.ip(SOURCES[4], IPV4, socket.IPPROTO_ICMP, asked))


def summed(message: bytes) -> bytes:
    """An ICMP message with its checksum."""
    return message[:2] + struct.pack("!H", packets.checksum(message)) + message[4:]


def ways() -> list[list[dict[str, Any]]]:
    """The addresses and routes in the namespace."""
    tables = [shown(family, "route", "show", "table", "all") for family in ("-4", "-6")]
    return [shown("addr"), *tables]


def shown(*arguments: str) -> list[dict[str, Any]]:
    """What `ip -j` lists in the namespace."""
    listed: list[dict[str, Any]] = json.loads(ip("-n", NAMESPACE, "-j", *arguments))
    return listed


def hosts_own() -> list[object]:
    """What the host has of addresses and routes, without the links that come and go."""
    return [json.loads(ip("-j", *each)) for each in (("-4", "addr"), ("-4", "route", "show", "table", "all"))]


def _is_from_inside(frame: bytes) -> bool:
    return frame[6:12] == packets.mac(INNER_MAC)


def _sought(frame: bytes) -> str | None:
    """The address whose hardware address a frame asks for; None of any other frame."""
    if frame[12:14] + frame[20:22] == _ARP_REQUEST:
        return str(IPv4Address(frame[38:42]))
    if frame[12:14] + frame[20:21] + frame[54:55] == _SOLICITATION:
        return str(IPv6Address(frame[62:78]))
    return None


def _ends(frame: bytes) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address] | None:
    """The IP addresses of a packet; None of any other frame."""
    match int.from_bytes(frame[12:14], "big"):
        case packets.IPV4_TYPE:
            return IPv4Address(frame[26:30]), IPv4Address(frame[30:34])
        case packets.IPV6_TYPE:
            return IPv6Address(frame[22:38]), IPv6Address(frame[38:54])
    return None
