"""Debian's and Ubuntu's `ec2metadata`."""

import pytest

from tests.agents import Agent
from tests.hosts import Guest
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest


def test_ec2metadata(agent: Agent, guest: Guest) -> None:
    """Debian's `ec2metadata` finds what it looks up, with session tokens."""
    need_programs("ec2metadata")
    agent.attach("tap0", {**EXAMPLE, "service": {"tokens": "required"}})
    lines = guest.run("/usr/bin/ec2metadata").splitlines()
    told = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert EXAMPLE["ec2"]["instance_id"] == told["instance-id"]
    assert EXAMPLE["hostname"] == told["local-hostname"]
    assert EXAMPLE["availability_zone"] == told["availability-zone"]
    assert str(list(EXAMPLE["public_keys"].values())) == told["public-keys"]
