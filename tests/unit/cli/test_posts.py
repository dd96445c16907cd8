"""What a guest has posted, as the operator reads it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from eve_meta.cli import MISUSED
from tests.unit.cli.commands import Agent, Ran, eve_meta, failed, on_a_terminal, running_agent


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    """One with a VM at tap0."""
    document = b"uuid: 6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01\n"
    with running_agent(tmp_path) as agent:
        agent.port_comes("tap0")
        assert 0 == eve_meta("attach", "tap0", "-", "--run-dir", agent.run_dir, stdin=document).code
        yield agent


def test_password(agent: Agent) -> None:
    to_agent = ("--run-dir", agent.run_dir)
    none = Ran(0, "", "eve-meta: tap0: the guest has set no password\n")

    assert none == eve_meta("password", "tap0", *to_agent)
    agent.guest_sets_password("tap0", "b2xk\x1b[2J")
    assert Ran(0, "b2xk\x1b[2J\n", "") == eve_meta("password", "tap0", *to_agent)
    assert "password set by the guest" in " ".join(eve_meta("show", "tap0", *to_agent).out.split())
    assert {"interface": "tap0", "password": "b2xk\x1b[2J"} == json.loads(
        eve_meta("password", "--json", "tap0", *to_agent).out
    )
    assert Ran(0, "tap0: password cleared\n", "") == eve_meta("password", "tap0", "--clear", *to_agent)
    assert none == eve_meta("password", "tap0", *to_agent)
    assert Ran(0, "tap0: no password was set\n", "") == eve_meta("password", "tap0", "--clear", *to_agent)


def test_reports(agent: Agent) -> None:
    """What a guest has reported is listed, shown as it was sent, and told in its story."""
    to_agent = ("--run-dir", agent.run_dir)
    nothing = Ran(0, "", "eve-meta: tap0: the guest has reported nothing\n")
    assert nothing == eve_meta("reports", "tap0", *to_agent)
    agent.guest_reports("tap0", "{\x1b[2J")

    assert re.fullmatch(
        r"KIND        BYTES  LAST\nkubeconfig  5      \d\.\d s ago\n",
        eve_meta("reports", "tap0", *to_agent).out,
    )
    (report,) = json.loads(eve_meta("reports", "tap0", "--json", *to_agent).out)["reports"]
    assert ("kubeconfig", 5) == (report["kind"], report["bytes"])
    assert Ran(0, "{\x1b[2J", "") == eve_meta("reports", "tap0", "kubeconfig", *to_agent)
    assert "{\\x1b[2J\r\n" == on_a_terminal("reports", "tap0", "kubeconfig", *to_agent)
    assert re.search(
        r"^reported +kubeconfig, 5 B, \d\.\d s ago$",
        eve_meta("show", "tap0", *to_agent).out,
        re.MULTILINE,
    )
    assert failed("tap0: the guest has reported no phone-home (see 'eve-meta reports tap0')") == eve_meta(
        "reports", "tap0", "phone-home", *to_agent
    )
    assert MISUSED == eve_meta("reports", "tap0", "nonsense", *to_agent).code
    assert MISUSED == eve_meta("reports", "tap0", "kubeconfig", "--json", *to_agent).code
