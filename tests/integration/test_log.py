"""What agent and servers say of the world's changes."""

import json
from pathlib import Path

from tests.agents import RED, Agent
from tests.hosts import Host


def test_json(host: Host, tmp_path: Path) -> None:
    """Each line of both is an object, with the interface and the VM that it is about."""
    host.guest("red", "tap0")
    agent = Agent(tmp_path, "--log", "json").start()
    try:
        agent.attach("tap0", RED)
        agent.detach("tap0")
    finally:
        agent.stop()

    events = [json.loads(line) for line in agent.log.read_text(encoding="utf-8").splitlines()]

    about = [each for each in events if each.get("interfaces") == ["tap0"] and each.get("vm") == RED["uuid"]]
    assert {"eve_meta.agent.telling", "eve_meta.server.doors.Doors"} <= {each["logger"] for each in about}
