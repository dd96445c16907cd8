"""cloud-init without a cloud: its NoCloud data source reads from us all that a machine is."""

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.agents import Agent
from tests.guests.conftest import LEASED
from tests.guests.machines import Hardware, switched_on
from tests.guests.test_cloud_init_boot import CLOUD_CONFIG, DOCUMENT, KEY, UUID, boot, told
from tests.hosts import Guest, Host
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

CRAWL = Path(__file__).with_name("crawl.py")
CONFIGURE = Path(__file__).with_name("configure.py")
SERIAL = "ds=nocloud-net;s=http://169.254.169.254/nocloud/"
FILES = ["/nocloud/meta-data", "/nocloud/user-data", "/nocloud/vendor-data"]

ONE, TWO, THREE = (f"fa:16:3e:00:00:0{number}" for number in (1, 2, 3))
BONDED = {
    "links": [
        {"id": "a", "type": "phy", "ethernet_mac_address": ONE},
        {"id": "b", "type": "phy", "ethernet_mac_address": TWO},
        {
            "id": "c",
            "type": "bond",
            "bond_links": ["a", "b"],
            "bond_mode": "802.3ad",
            "bond_miimon": 100,
            "bond_xmit_hash_policy": "layer3+4",
            "mtu": 9000,
        },
        {"id": "d", "type": "vlan", "vlan_link": "c", "vlan_id": 101, "vlan_mac_address": THREE, "mtu": 1450},
    ],
    "networks": [
        {
            "id": "n",
            "type": "ipv4",
            "link": "d",
            "ip_address": "10.0.0.77",
            "netmask": "255.255.255.0",
            "routes": [{"network": "10.1.0.0", "netmask": "255.255.0.0", "gateway": "10.0.0.254"}],
        },
        {"id": "m", "type": "ipv4_dhcp", "link": "c"},
    ],
    "services": [{"type": "dns", "address": "10.0.0.2"}],
}


def crawl(guest: Guest) -> dict[str, Any]:
    """What cloud-init asks in a guest and makes of it."""
    need_programs("cloud-init")
    given = json.dumps({"source": "NoCloudNet", "firmware": {"system-serial-number": SERIAL}})
    found: dict[str, Any] = json.loads(guest.run("/usr/bin/python3", str(CRAWL), given))
    return found


def configured(guest: Guest) -> dict[str, str]:
    """What each of cloud-init's renderers writes, without a warning."""
    need_programs("cloud-init")
    config = guest.read("/nocloud/network-config")
    made = json.loads(guest.run("/usr/bin/python3", str(CONFIGURE), given=config))
    assert [] == made["warned"]
    files: dict[str, str] = made["files"]
    return files


def lacking(files: dict[str, str], *facts: str) -> list[tuple[str, str]]:
    """What is not written, with the renderer that did not write it."""
    return [(name, fact) for name, text in files.items() for fact in facts if fact not in text.lower()]


def test_uuid_alone(agent: Agent, guest: Guest) -> None:
    """With nothing but a uuid each file is asked for once, and is there."""
    agent.attach("tap0", {"uuid": UUID})
    found = crawl(guest)
    assert found["succeeded"]
    assert UUID == found["instance"]
    assert [(path, http.client.OK) for path in FILES] == [
        (urlsplit(url).path, status) for _, url, status in found["requested"]
    ]


def test_read(agent: Agent, guest: Guest) -> None:
    """What is found is what the document says."""
    agent.attach("tap0", EXAMPLE)
    found = crawl(guest)
    assert EXAMPLE["uuid"] == found["instance"]
    assert EXAMPLE["hostname"] == found["hostname"]
    assert list(EXAMPLE["public_keys"].values()) == found["keys"]
    assert EXAMPLE["user_data"] == found["user_data"]


def test_network(agent: Agent, guest: Guest) -> None:
    """Whatever renders it, the guest's network is the document's."""
    agent.attach("tap0", EXAMPLE)
    facts = ("10.0.0.5", "10.0.0.6", "2001:db8:0:1::5", "1450", "10.0.0.1", "fe80::1", "10.0.0.254")
    servers = ("10.0.0.2", "10.0.0.3", "2001:db8::53")
    assert [] == lacking(configured(guest), *facts, *servers, "storage0")


def test_bond_and_vlan(agent: Agent, guest: Guest) -> None:
    """Whatever renders them, a bond and a VLAN on it are built on the guest's NICs."""
    agent.attach("tap0", {"uuid": UUID, "network_data": BONDED})
    facts = ("nic0", "nic1", ONE, TWO, "bond0.101", "10.0.0.77", "10.1.0.0", "1450", "9000")
    assert [] == lacking(configured(guest), *facts)


def test_boot(agent: Agent, host: Host, bridge: str, tmp_path: Path) -> None:
    """A machine whose serial number says where to ask takes all it is from there, but for its address."""
    need_programs("cloud-init", "dhclient", "ssh-keygen")
    guest = host.guest("red", "tap0", bridge=bridge, address=None)
    agent.attach("tap0", {"uuid": UUID, "user_data": CLOUD_CONFIG, **DOCUMENT})
    (root := tmp_path / "machine").mkdir()
    hardware = Hardware(product_uuid=UUID, product_serial=SERIAL)
    with switched_on(guest, root, hardware) as machine:
        boot(machine)
        is_ = told(machine)
    assert "DataSourceNoCloudNet" in str(is_["datasource"])
    assert {
        "errors": [],
        "instance": UUID,
        "zone": "eve-1a",
        "hostname": "web-1",
        "keys": [KEY],
        "executed": "cloud-config on web-1",
        "addresses": [LEASED],
    }.items() <= is_.items()
