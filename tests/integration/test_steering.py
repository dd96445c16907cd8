"""Which of a guest's frames are steered to its namespace, and that all others go where they went before."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_address

import pytest
from attrs import frozen

from netns import link_of, namespace_of
from netns.wiring import INNER_LINK
from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, UNIQUE_LOCAL, Guest, Host, ip, mtu_of
from tests.integration import frames, packets
from tests.integration.frames import Frame, Sniffer
from tests.integration.impostor import Tags
from tests.integration.packets import SERVICE_VLAN, VLAN, tagged
from tests.support import soon

RED_MAC, GREEN_MAC = "02:00:00:00:00:05", "02:00:00:00:00:06"
MARK = frames.marker(RED_MAC, GREEN_MAC, "end")
METADATA_ADDRESSES = (IPV4, LINK_LOCAL, UNIQUE_LOCAL)
SILENCE_SECONDS = 0.5
_ECHO_REQUEST = 128


@frozen
class Lan:
    """Two guests on a bridge, the first attached, and sniffers on the bridge and at the other guest."""

    red: Guest
    green: Guest
    sniffers: tuple[Sniffer, ...]


@pytest.fixture
def lan(host: Host, agent: Agent) -> Iterator[Lan]:
    """See `Lan`; the other guest stands for the gateway too."""
    bridge = host.bridge()
    red = host.guest("red", "tap0", bridge=bridge, mac=RED_MAC, gateway="10.0.0.6")
    green = host.guest("green", "tap1", bridge=bridge, mac=GREEN_MAC, address="10.0.0.6/24")
    for guest, address in ((red, "fd00::5/64"), (green, "fd00::6/64")):
        guest.run("ip", "addr", "add", address, "dev", "eth0", "nodad")
    red.run("ip", "-6", "route", "add", "default", "via", "fd00::6")
    agent.attach("tap0", RED)
    with ExitStack() as stack:
        on_bridge = stack.enter_context(closing(Sniffer.on(bridge)))
        at_green = stack.enter_context(closing(green.inside(lambda: Sniffer.on("eth0"))))
        yield Lan(red, green, (on_bridge, at_green))


@pytest.mark.parametrize(
    ("frame", "metadata", "other"),
    [
        (frames.arp_request, IPV4, "169.254.169.253"),
        (frames.to_gateway, IPV4, "169.254.169.253"),
        (frames.on_link, IPV4, "169.254.169.253"),
        (frames.solicitation, LINK_LOCAL, "fe80::b9fe:a9fe"),
        (frames.to_gateway, LINK_LOCAL, "fe80::b9fe:a9fe"),
        (frames.on_link, LINK_LOCAL, "fe80::b9fe:a9fe"),
        (frames.solicitation, UNIQUE_LOCAL, "fd00:ec2::1:254"),
        (frames.to_gateway, UNIQUE_LOCAL, "fd00:ec2::1:254"),
        (frames.on_link, UNIQUE_LOCAL, "fd00:ec2::1:254"),
    ],
)
def test_only_metadata_is_steered(lan: Lan, frame: Frame, metadata: str, other: str) -> None:
    """A frame for a metadata address reaches no other port, nor the bridge; one for another reaches both."""
    steered, passed = (frame(RED_MAC, GREEN_MAC, address) for address in (metadata, other))
    frames.send(lan.red, steered, passed, MARK)
    for sniffer in lan.sniffers:
        seen = sniffer.until(MARK)
        assert [passed] == [each for each in seen if each in (steered, passed)]


@pytest.mark.parametrize("frame", [frames.arp_request, frames.to_gateway, frames.on_link])
@pytest.mark.parametrize(
    "tags",
    [
        ((VLAN, 0),),
        ((VLAN, 0xE000),),
        ((SERVICE_VLAN, 0),),
        ((VLAN, 0), (VLAN, 0)),
        ((SERVICE_VLAN, 0), (VLAN, 0), (VLAN, 0)),
    ],
    ids=["802.1Q", "high priority", "802.1ad", "two", "three"],
)
def test_priority_tags(lan: Lan, frame: Frame, tags: Tags) -> None:
    """A frame for a metadata address reaches no other port either if its tags say that it is of no VLAN."""
    frames.send(lan.red, tagged(frame(RED_MAC, GREEN_MAC, IPV4), *tags), MARK)
    for sniffer in lan.sniffers:
        assert [] == [each for each in sniffer.until(MARK) if ip_address(IPV4).packed in each[12:]]


def test_vlan(lan: Lan) -> None:
    """A frame of a VLAN goes where it went before, whoever it is for."""
    plain = frames.to_gateway(RED_MAC, GREEN_MAC, IPV4)
    frames.send(lan.red, tagged(plain, (VLAN, 100)), MARK)
    for sniffer in lan.sniffers:
        assert plain in sniffer.until(MARK)


_PING = packets.icmp6("fe80::5", "fe80::6", _ECHO_REQUEST, bytes(64))
_OTHERS = {
    "IPv4 fragment": packets.fragment(packets.datagram("10.0.0.5", "10.0.0.6", 80, bytes(64)), 8, None),
    "IPv6": packets.datagram("fe80::5", "fe80::6", 80, bytes(64)),
    "first fragment": packets.fragment6(_PING, 0, 32, socket.IPPROTO_ICMPV6),
    "later fragment": packets.fragment6(_PING, 32, None, socket.IPPROTO_ICMPV6),
    "ping": _PING,
    "advertisement": packets.advertisement("fe80::5", "ff02::1", "fe80::5", RED_MAC),
}


@pytest.mark.parametrize("packet", _OTHERS.values(), ids=_OTHERS)
def test_others_go_on(lan: Lan, packet: bytes) -> None:
    """What is for others goes where it went before, in pieces as it may be."""
    frame = packets.framed(GREEN_MAC, RED_MAC, packet)
    frames.send(lan.red, frame, MARK)
    for sniffer in lan.sniffers:
        assert frame in sniffer.until(MARK)


@pytest.mark.parametrize("ether_type", [packets.IPV4_TYPE, packets.ARP_TYPE, packets.IPV6_TYPE])
def test_cut_short(lan: Lan, ether_type: int) -> None:
    """A frame that ends before it says for whom it is reaches nobody."""
    cut = packets.ethernet(GREEN_MAC, RED_MAC, ether_type, b"\x45\x00\x00\x10")
    frames.send(lan.red, cut, MARK)
    for sniffer in lan.sniffers:
        assert cut not in sniffer.until(MARK)


@pytest.mark.parametrize("address", METADATA_ADDRESSES)
def test_conversation_stays_private(lan: Lan, address: str) -> None:
    """No frame of a guest's request and its answer reaches another port, or the bridge."""
    assert lan.red.read(HOSTNAME, address) == "red"
    frames.send(lan.red, MARK)
    for sniffer in lan.sniffers:
        assert [] == [each for each in sniffer.until(MARK) if ip_address(address).packed in each]


@pytest.mark.parametrize("address", ["10.0.0.6", "fd00::6"])
def test_guests_reach_each_other(lan: Lan, agent: Agent, address: str) -> None:
    """Two attached guests speak to each other as before."""
    agent.attach("tap1", GREEN)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with lan.green.inside(lambda: socket.create_server((address, 7), family=family)) as listening:
        with lan.red.connect(address, 7) as asking:
            asking.sendall(b"good day")
        accepted, _ = listening.accept()
        with accepted, accepted.makefile("rb") as heard:
            assert heard.read() == b"good day"


@pytest.mark.parametrize("address", METADATA_ADDRESSES)
@pytest.mark.parametrize("port", [22, 8775])
def test_closed_port(lan: Lan, address: str, port: int) -> None:
    """Port 80 alone is open: not even the one that the service listens on is, asked by its number."""
    with pytest.raises(TimeoutError):
        lan.red.connect(address, port, SILENCE_SECONDS)


@pytest.mark.parametrize("address", METADATA_ADDRESSES)
def test_silence_to_datagrams(lan: Lan, address: str) -> None:
    """A datagram is answered by nothing, nor by word that nobody listens."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with lan.red.inside(lambda: socket.socket(family, socket.SOCK_DGRAM)) as asking:
        asking.settimeout(SILENCE_SECONDS)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        asking.connect((address, 53))
        asking.send(b"anybody?")
        with pytest.raises(TimeoutError):
            asking.recv(1)


@pytest.mark.parametrize("address", METADATA_ADDRESSES)
def test_ping(lan: Lan, address: str) -> None:
    """A guest that pings is answered."""
    program = "ping6" if ":" in address else "ping"
    lan.red.run("busybox", program, "-c", "1", "-W", "5", "-I", "eth0", address)


def test_host_has_the_address(host: Host, agent: Agent) -> None:
    """What the host itself has at 169.254.169.254 stays the host's, and is hidden from the guest."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    host.bridge("cloud0")
    ip("addr", "add", f"{IPV4}/32", "dev", "cloud0")
    with socket.create_server((IPV4, 80)):
        agent.attach("tap0", RED)
        assert red.read(HOSTNAME) == "red"
        with socket.create_connection((IPV4, 80)) as asking:
            assert asking.getpeername() == (IPV4, 80)


@pytest.mark.parametrize("mtu", [1400, 9000])
@pytest.mark.parametrize("address", [IPV4, LINK_LOCAL])
def test_mtu(host: Host, agent: Agent, address: str, mtu: int) -> None:
    """A long answer arrives whole over links with small frames and large ones."""
    red = host.guest("red", "tap0", bridge=host.bridge(), mtu=mtu)
    agent.attach("tap0", RED | {"user_data": "#" * 100_000})
    assert "#" * 100_000 == red.read("/openstack/latest/user_data", address)


@pytest.mark.parametrize("mtu", [1400, 9000])
def test_mtu_follows(host: Host, agent: Agent, mtu: int) -> None:
    """When the MTU of an attached port changes, both ends of the link into its namespace follow."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    ip("link", "set", "tap0", "mtu", str(mtu))
    assert soon(lambda: mtu_of(link_of("tap0")) == mtu)
    assert soon(lambda: mtu_of(INNER_LINK, "-n", namespace_of("tap0")) == mtu)
    assert red.read(HOSTNAME) == "red"
