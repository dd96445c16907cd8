"""One crawl with either data source of cloud-init: whatever a listing names is answered."""

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.agents import Agent
from tests.hosts import Guest
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

PROGRAM = Path(__file__).with_name("crawl.py")
UUID_OF_AWS = "ec2e1916-9099-7caf-fd21-012345abcdef"
SOURCES = ("OpenStack", "Ec2")


def crawl(guest: Guest, source: str) -> dict[str, Any]:
    """What cloud-init asks in a guest and makes of it."""
    need_programs("cloud-init")
    firmware = {
        "system-product-name": "OpenStack Compute" if source == "OpenStack" else "Standard PC",
        "system-uuid": UUID_OF_AWS,
        "system-serial-number": UUID_OF_AWS,
    }
    given = json.dumps({"source": source, "firmware": firmware})
    told: dict[str, Any] = json.loads(guest.run("/usr/bin/python3", str(PROGRAM), given))
    return told


def listed_but_refused(guest: Guest, requested: list[tuple[str, str, int]]) -> list[str]:
    """The paths that were not answered although a listing names them."""
    refused = [urlsplit(url).path for _, url, status in requested if status != http.client.OK]
    return [path for path in refused if is_listed(guest, path)]


def is_listed(guest: Guest, path: str) -> bool:
    """Whether the listing above a path names it."""
    directory, _, name = path.rstrip("/").rpartition("/")
    return name in (line.rstrip("/") for line in guest.read(directory).splitlines())


@pytest.mark.parametrize("source", SOURCES)
def test_uuid_alone(agent: Agent, guest: Guest, source: str) -> None:
    """With nothing but a uuid no crawl meets an error on anything that is listed."""
    agent.attach("tap0", {"uuid": UUID_OF_AWS})
    told = crawl(guest, source)
    assert told["succeeded"]
    assert [] == listed_but_refused(guest, told["requested"])


@pytest.mark.parametrize("source", SOURCES)
def test_all_answered(agent: Agent, guest: Guest, source: str) -> None:
    """With the example's document every single request is answered."""
    agent.attach("tap0", {**EXAMPLE, "uuid": UUID_OF_AWS})
    assert {http.client.OK} == {status for _, _, status in crawl(guest, source)["requested"]}


@pytest.mark.parametrize("source", SOURCES)
def test_read(agent: Agent, guest: Guest, source: str) -> None:
    """What a crawl found is what the document says."""
    agent.attach("tap0", {**EXAMPLE, "uuid": UUID_OF_AWS})
    told = crawl(guest, source)
    assert EXAMPLE["hostname"] == told["hostname"]
    assert set(EXAMPLE["public_keys"].values()) == set(told["keys"])
    assert EXAMPLE["user_data"] == told["user_data"]
    assert EXAMPLE["ec2"]["instance_id"] == told["ec2"]["instance-id"]
    assert (EXAMPLE["ec2"]["instance_id"] if source == "Ec2" else UUID_OF_AWS) == told["instance"]
