"""Guests on one bridge, each answered with its own metadata."""

import json

import pytest

from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, UNIQUE_LOCAL, Host


@pytest.mark.parametrize("gateway", [None, "10.0.0.1"], ids=["on-link", "by gateway"])
def test_same_mac_and_address(host: Host, agent: Agent, gateway: str | None) -> None:
    """Two guests that nothing but their port tells apart read different answers, in every format."""
    bridge = host.bridge()
    host.add_gateway(bridge, "10.0.0.1/24")
    red = host.guest("red", "tap0", bridge=bridge, gateway=gateway)
    green = host.guest("green", "tap1", bridge=bridge, gateway=gateway)
    agent.attach("tap0", RED)
    agent.attach("tap1", GREEN)
    for guest, document in ((red, RED), (green, GREEN)):
        assert document["uuid"] == json.loads(guest.read("/openstack/latest/meta_data.json"))["uuid"]
        assert document["hostname"] == guest.read(HOSTNAME)
        assert document["uuid"] == json.loads(guest.read("/nocloud/meta-data"))["instance-id"]
        assert document["uuid"] == guest.read("/eve/v1/hostname").rstrip()


def test_caller(host: Host, agent: Agent) -> None:
    """A guest is told the address that it asks from, whatever the family."""
    red = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    asked = {address: json.loads(red.read("/eve/v1/network.json", address)) for address in (IPV4, LINK_LOCAL)}
    assert asked[IPV4]["caller-ip"] == "10.0.0.5"
    assert asked[LINK_LOCAL]["caller-ip"] == "fe80::ff:fe00:5"


@pytest.mark.parametrize("address", [LINK_LOCAL, UNIQUE_LOCAL])
def test_no_ipv4(host: Host, agent: Agent, address: str) -> None:
    """A guest with nothing but its link-local address reads over IPv6."""
    red = host.guest("red", "tap0", bridge=host.bridge(), address=None)
    red.run("ip", "-6", "route", "add", f"{UNIQUE_LOCAL}/128", "dev", "eth0")
    agent.attach("tap0", RED)
    assert red.read(HOSTNAME, address) == "red"


def test_bare_tap(host: Host, agent: Agent) -> None:
    """A port that is on no bridge is answered too."""
    red = host.guest("red", "tap0")
    agent.attach("tap0", RED)
    assert red.read(HOSTNAME, IPV4) == "red"
