"""The AWS SDK for Python."""

import pytest

from tests.agents import Agent
from tests.hosts import NIC, UNIQUE_LOCAL, Guest
from tests.support import EXAMPLE

pytestmark = pytest.mark.guest

BOTOCORE = """
import json
from botocore.utils import InstanceMetadataFetcher, InstanceMetadataRegionFetcher
mode = {"ec2_metadata_service_endpoint_mode": %r}
role = InstanceMetadataFetcher(config=mode).retrieve_iam_role_credentials()
region = InstanceMetadataRegionFetcher(config=mode).retrieve_region()
print(json.dumps({"role": role, "region": region}))
"""


@pytest.mark.parametrize("mode", ["ipv4", "ipv6"])
def test_botocore(agent: Agent, guest: Guest, mode: str) -> None:
    """The AWS SDK finds its region and no role, over IPv6 too, with session tokens."""
    guest.run("ip", "-6", "route", "add", f"{UNIQUE_LOCAL}/128", "dev", NIC)
    agent.attach("tap0", {**EXAMPLE, "service": {"tokens": "required"}})
    assert {"role": {}, "region": "eve-1"} == guest.run_python(BOTOCORE % mode)
