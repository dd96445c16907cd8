"""A seed's network-config is to cloud-init what is told of the document that it becomes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from eve_meta.document import parse
from eve_meta.formats.network_data import network_data
from tests.support import need_programs
from tests.unit.imports.test_network_config import BOND_V1, BOND_V2, ROUTE, SAME, ethernet, made, subnets

pytestmark = pytest.mark.guest

PROGRAM = Path(__file__).with_name("network_state.py")
NEWER = ("default", "accept-ra", "{}")
"""What cloud-init itself does not read so: it leaves it to netplan."""

CONFIGS = [
    *(each for configs, interfaces in SAME for each in configs if "addresses" in interfaces[0]),
    yaml.safe_load(BOND_V1.replace("bond-mode: 4", "bond-mode: 802.3ad")),
    yaml.safe_load(BOND_V2),
    subnets({"type": "ipv6_dhcpv6-stateful"}),
    subnets({"type": "dhcp4", "dns_nameservers": ["10.0.0.2"]}),
    ethernet(dhcp4=True, routes=[ROUTE]),
    ethernet(addresses=["192.168.0.5/24", "10.0.0.5/24"], routes=[ROUTE]),
]


def states(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What cloud-init makes of each."""
    need_programs("cloud-init")
    done = subprocess.run(
        ["/usr/bin/python3", PROGRAM], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def told(config: dict[str, Any]) -> Any:
    """The network_data.json of the document that a configuration becomes."""
    vm = parse({"uuid": "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11", **made(config)[0]})
    return json.loads(network_data(vm, "").body)


def test_the_same() -> None:
    configs = [each for each in CONFIGS if not any(word in json.dumps(each) for word in NEWER)]

    assert states([{"config": each} for each in configs]) == states(
        [{"data": told(each)} for each in configs]
    )
