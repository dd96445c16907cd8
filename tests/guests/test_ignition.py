"""Ignition, of Fedora CoreOS and Flatcar."""

import json
from pathlib import Path

import pytest

from tests.agents import Agent
from tests.hosts import Guest
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition"


@pytest.mark.parametrize(("platform", "tokens"), [("openstack", "optional"), ("aws", "required")])
def test_ignition(agent: Agent, guest: Guest, tmp_path: Path, platform: str, tokens: str) -> None:
    """Ignition fetches its configuration from either format, from EC2's with session tokens."""
    need_programs(IGNITION)
    config = {"ignition": {"version": "3.3.0"}, "passwd": {"users": [{"name": "core"}]}}
    agent.attach("tap0", {**EXAMPLE, "user_data": json.dumps(config), "service": {"tokens": tokens}})
    (directory := tmp_path / "ignition").mkdir()
    cache = directory / "config.json"
    files = ("--config-cache", str(cache), "--neednet", f"{directory}/net", "--root", f"{directory}/root")
    stage = ("--platform", platform, "--stage", "fetch", "--state-file", f"{directory}/state")
    guest.run(IGNITION, "--log-to-stdout", *stage, *files)
    users = json.loads(cache.read_text(encoding="utf-8"))["passwd"]["users"]
    assert ["core"] == [each["name"] for each in users]
