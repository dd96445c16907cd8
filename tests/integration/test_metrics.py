"""What Prometheus scrapes."""

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.agents import RED, Agent
from tests.hosts import HOSTNAME, Host

ADDRESS = "127.0.0.1:9188"


def test_scrape(host: Host, tmp_path: Path) -> None:
    """At the address there are metrics, and nothing else of the control socket."""
    red = host.guest("red", "tap0")
    agent = Agent(tmp_path, "--metrics", ADDRESS).start()
    try:
        agent.attach("tap0", RED)
        red.read(HOSTNAME)
        with urlopen(f"http://{ADDRESS}/metrics") as scraped:
            text = scraped.read().decode()
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://{ADDRESS}/v1/interfaces")
    finally:
        agent.clear()
        agent.stop()

    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    answered = {"interface": "tap0", "vm": RED["uuid"], "format": "ec2", "outcome": "answered"}
    assert [1] == [each.value for each in samples if each.labels == answered]
    assert [1] == [each.value for each in samples if each.labels == {"state": "open"}]


def test_no_address_of_ours(host: Host, tmp_path: Path) -> None:
    """Guests are answered all the same."""
    red = host.guest("red", "tap0")
    agent = Agent(tmp_path, "--metrics", "192.0.2.1:9188").start()
    try:
        agent.attach("tap0", RED)
        assert "red" == red.read(HOSTNAME)
        assert "no metrics are told" in agent.said()
    finally:
        agent.clear()
        agent.stop()
