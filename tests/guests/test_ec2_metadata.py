"""The PyPI package ec2-metadata."""

import pytest

from tests.agents import Agent
from tests.hosts import Guest
from tests.support import EXAMPLE

pytestmark = pytest.mark.guest

EC2_METADATA = """
import json
from ec2_metadata import ec2_metadata as told
nic = told.network_interfaces[told.mac]
print(json.dumps({
    "instance": told.instance_id, "region": told.region, "account": told.account_id,
    "private": nic.private_ipv4s, "public": told.public_ipv4,
    "user_data": told.user_data.decode(), "tags": dict(told.tags),
}))
"""
EC2 = EXAMPLE["ec2"]


def test_ec2_metadata(agent: Agent, guest: Guest) -> None:
    """The PyPI package ec2-metadata finds what the document says, with session tokens."""
    agent.attach("tap0", {**EXAMPLE, "service": {"tokens": "required"}})
    assert {
        "instance": EC2["instance_id"],
        "region": "eve-1",
        "account": EXAMPLE["project_id"],
        "private": ["10.0.0.5", "10.0.0.6"],
        "public": EC2["public_ipv4"],
        "user_data": EXAMPLE["user_data"],
        "tags": EC2["tags"],
    } == guest.run_python(EC2_METADATA)


def test_dhcp(agent: Agent, guest: Guest) -> None:
    """Of a NIC that asks DHCP it is told the address that it asks from."""
    nic = {"mac": EXAMPLE["interfaces"][0]["mac"], "addresses": [{"dhcp": 4}]}
    ec2 = {name: value for name, value in EC2.items() if name != "local_ipv4"}
    agent.attach("tap0", {**EXAMPLE, "interfaces": [nic], "ec2": ec2})
    assert ["10.0.0.5"] == guest.run_python(EC2_METADATA)["private"]
