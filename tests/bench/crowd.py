"""Many guests at little cost: each is a NIC in one namespace, and asks through sockets that are bound to it.

A port on the host and a namespace for its answers is what each guest costs us; that they share a namespace on
their own side makes no difference to that, and 2000 of them are there within seconds.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netns import METADATA_IPV4
from netns.wiring import INNER_MAC
from tests.hosts import ip, run
from tests.support import EXAMPLE

NAMESPACE = "guests"
PORTS_PER_BRIDGE = 1000
"""A bridge has 1024 at most. Source: BR_MAX_PORTS, net/bridge/br_private.h."""

_SETTINGS = {
    "net.ipv6.conf.default.disable_ipv6": 1,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
}


def tap(number: int) -> str:
    """A guest's port on the host."""
    return f"tap{number}"


def nic(number: int) -> str:
    """A guest's own end of it."""
    return f"nic{number}"


def hostname(number: int) -> str:
    """What a guest reads and no other."""
    return f"web-{number}.example.org"


def document(number: int) -> dict[str, Any]:
    """What is told of a guest: enough for cloud-init to ask 44 times."""
    return {
        "uuid": f"be0c4000-0000-4000-8000-{number:012x}",
        "name": f"web {number}",
        "hostname": hostname(number),
        "project_id": EXAMPLE["project_id"],
        "meta": EXAMPLE["meta"],
        "public_keys": {"alice": EXAMPLE["public_keys"]["alice"]},
        "user_data": EXAMPLE["user_data"],
        "interfaces": [
            {
                "mac": "fa:16:3e:00:00:01",
                "mtu": 1450,
                "addresses": [{"address": "10.0.0.5/24", "gateway": "10.0.0.1", "dns": ["10.0.0.2"]}],
            }
        ],
        "ec2": {"instance_type": "m1.small"},
    }


@contextmanager
def gathered(count: int) -> Iterator[None]:
    """So many guests, numbered from 0, on as many bridges as they need; gone when the `with` block ends."""
    bridges = [f"br{number}" for number in range(-(-count // PORTS_PER_BRIDGE))]
    ip("netns", "add", NAMESPACE)
    try:
        run("ip", "netns", "exec", NAMESPACE, "sysctl", "-qw", *(f"{k}={v}" for k, v in _SETTINGS.items()))
        for bridge in bridges:
            ip("link", "add", bridge, "type", "bridge")
            ip("link", "set", bridge, "up")
        _batch((), (line for number in range(count) for line in _port(number)))
        _batch(("-n", NAMESPACE), (line for number in range(count) for line in _inside(number)))
        yield
    finally:
        for bridge in bridges:
            subprocess.run(["ip", "link", "del", bridge], capture_output=True, check=False)
        # With it go the NICs, and with those the ports.
        ip("netns", "del", NAMESPACE)


def _port(number: int) -> Iterator[str]:
    port, mac = tap(number), f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
    yield f"link add {port} type veth peer name {nic(number)} address {mac} netns {NAMESPACE}"
    yield f"link set {port} addrgenmode none master br{number // PORTS_PER_BRIDGE} up"


def _inside(number: int) -> Iterator[str]:
    """The way is known: a real guest learns it into a table of its own, these would fill the host's."""
    yield f"addr add 10.{64 + (number >> 8)}.{number & 255}.1/32 dev {nic(number)}"
    yield f"link set {nic(number)} up"
    yield f"neigh add {METADATA_IPV4} lladdr {INNER_MAC} dev {nic(number)} nud permanent"


def _batch(where: tuple[str, ...], lines: Iterator[str]) -> None:
    run("ip", *where, "-batch", "-", given="\n".join(lines) + "\n")
