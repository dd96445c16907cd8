"""A machine with Debian's cloud-init boots: what it then is, it was told by us."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.agents import Agent
from tests.guests.conftest import LEASED, ROUTER
from tests.guests.machines import Hardware, Machine, switched_on
from tests.hosts import MAC, NIC, Guest, Host
from tests.support import need_programs, soon

pytestmark = pytest.mark.guest

UUID = "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"
UUID_OF_AWS = "ec2e1916-9099-7caf-fd21-012345abcdef"
STATIC = "10.0.0.77"
NETWORKD = "/lib/systemd/systemd-networkd"
NETWORK_SECONDS = 20
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBobtu8bH6TBSGbQW2YFZ5ZbGsYdNyPL0/4lQWEbzBfT alice@example.org"
DOCUMENT = {
    "hostname": "web-1.example.org",
    "availability_zone": "eve-1a",
    "public_keys": {"alice": KEY},
    "interfaces": [{"mac": MAC, "addresses": [{"address": f"{STATIC}/24", "gateway": ROUTER}]}],
    "ec2": {"instance_id": "i-0123abcd"},
}
CLOUD_CONFIG = """\
#cloud-config
runcmd:
- [sh, -c, 'echo "cloud-config on $(hostname)" >/run/executed']
phone_home: {url: "http://169.254.169.254/phone_home", post: [hostname, instance_id, fqdn]}
"""
SCRIPT = """\
#!/bin/sh
echo "script on $(hostname)" >/run/executed
"""


@pytest.fixture
def guest(host: Host, bridge: str) -> Guest:
    """A guest that has no address yet."""
    need_programs("cloud-init", "dhclient", "ssh-keygen", NETWORKD)
    return host.guest("red", "tap0", bridge=bridge, address=None)


def shown(agent: Agent) -> str:
    """What `eve-meta show` says of the guest."""
    return agent.run("show", "tap0").stdout


def boot(machine: Machine) -> None:
    """What Debian's units start, in their order."""
    machine.run("/usr/lib/cloud-init/ds-identify")
    machine.run("cloud-init", "init", "--local")
    machine.run("install", "-d", "-o", "systemd-network", "/run/systemd/netif")
    machine.start(NETWORKD)
    # Not systemd-networkd-wait-online, which gives an IPv6 router 12 s to come.
    assert soon(lambda: addresses(machine), NETWORK_SECONDS)
    machine.run("cloud-init", "init")
    machine.run("cloud-init", "modules", "--mode=config")
    machine.run("cloud-init", "modules", "--mode=final")


def addresses(machine: Machine) -> list[str]:
    """The IPv4 addresses of its NIC."""
    shown = json.loads(machine.run("ip", "-json", "-4", "addr", "show", NIC))
    return [each["local"] for link in shown for each in link["addr_info"]]


def routers(machine: Machine) -> list[str]:
    """The default gateways."""
    return [each["gateway"] for each in json.loads(machine.run("ip", "-json", "route", "show", "default"))]


def told(machine: Machine) -> dict[str, object]:
    """What a booted machine is."""
    result = json.loads(machine.read("/run/cloud-init/result.json"))["v1"]
    instance = json.loads(machine.read("/run/cloud-init/instance-data.json"))["v1"]
    return {
        "datasource": result["datasource"],
        "errors": result["errors"],
        "cloud": machine.run("cloud-id").strip(),
        "instance": instance["instance_id"],
        "zone": instance["availability_zone"],
        "hostname": machine.run("hostname").strip(),
        "keys": machine.read("/home/debian/.ssh/authorized_keys").splitlines(),
        "executed": machine.read("/run/executed").strip(),
        "addresses": addresses(machine),
        "routers": routers(machine),
    }


def test_openstack(agent: Agent, guest: Guest, tmp_path: Path) -> None:
    """With nova's product name it takes all it is from the OpenStack tree, its static address too."""
    agent.attach("tap0", {"uuid": UUID, "user_data": CLOUD_CONFIG, **DOCUMENT})
    (root := tmp_path / "machine").mkdir()
    with switched_on(guest, root, Hardware.openstack(UUID)) as machine:
        boot(machine)
        assert {
            "datasource": "DataSourceOpenStackLocal [net,ver=2]",
            "errors": [],
            "cloud": "openstack",
            "instance": UUID,
            "zone": "eve-1a",
            "hostname": "web-1",
            "keys": [KEY],
            "executed": "cloud-config on web-1",
            "addresses": [STATIC],
            "routers": [ROUTER],
        } == told(machine)
    assert re.search(r"^asked by +Cloud-Init/\S+ \(OpenStack, EC2\)$", shown(agent), re.MULTILINE)
    assert re.search(r"^user data +read \S+ s after the door was opened$", shown(agent), re.MULTILINE)
    assert {"hostname": ["web-1"], "instance_id": [UUID], "fqdn": ["web-1.example.org"]} == parse_qs(
        agent.run("reports", "tap0", "phone-home").stdout
    )


def test_ec2(agent: Agent, guest: Guest, tmp_path: Path) -> None:
    """With a uuid as AWS's it takes all it is from the EC2 tree, with session tokens."""
    tokens = {"tokens": "required"}
    agent.attach("tap0", {"uuid": UUID_OF_AWS, "user_data": SCRIPT, "service": tokens, **DOCUMENT})
    (root := tmp_path / "machine").mkdir()
    with switched_on(guest, root, Hardware.aws(UUID_OF_AWS)) as machine:
        boot(machine)
        assert {
            "datasource": "DataSourceEc2Local",
            "errors": [],
            "cloud": "aws",
            "instance": "i-0123abcd",
            "zone": "eve-1a",
            "hostname": "web-1",
            "keys": [KEY],
            "executed": "script on web-1",
            "addresses": [LEASED],
            "routers": [ROUTER],
        } == told(machine)
    assert re.search(r"^asked by +Cloud-Init/\S+ \(EC2\), python-requests/", shown(agent), re.MULTILINE)
