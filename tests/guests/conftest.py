"""What tests with guest software share: a network as guests find it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import MAC, Guest, Host
from tests.support import EXAMPLE, need_programs

ROUTER = "10.0.0.1"
LEASED = "10.0.0.100"


@pytest.fixture
def guest(host: Host) -> Guest:
    """A guest with the first NIC of the example."""
    return host.guest("red", "tap0", mac=EXAMPLE["interfaces"][0]["mac"])


@pytest.fixture
def bridge(host: Host, tmp_path: Path) -> Iterator[str]:
    """A bridge with a router on it, and a DHCP server that has never heard of metadata."""
    need_programs("dnsmasq")
    name = host.bridge()
    host.add_gateway(name, f"{ROUTER}/24")
    options = ("--no-daemon", "--conf-file=/dev/null", "--user=root", "--port=0", f"--interface={name}")
    # By its MAC address alone: each client program would be another one otherwise.
    pool = (f"--dhcp-range={LEASED},static", f"--dhcp-host={MAC},id:*,{LEASED}")
    files = (f"--dhcp-leasefile={tmp_path}/leases", "--pid-file=")
    with (tmp_path / "dhcp.log").open("wb") as log:
        server = subprocess.Popen(["dnsmasq", *options, *pool, *files], stdout=log, stderr=log)
        yield name
        server.terminate()
        server.wait()
