"""Which of a host's interfaces a shell offers to be attached."""

import os
import subprocess

from tests.agents import EVE_META, RED, Agent
from tests.hosts import Host

# In a sandbox /sys still shows the machine's own network.
_ASKED = """
mount -t sysfs sysfs /sys
COMP_WORDS='eve-meta attach ' COMP_CWORD=2 _EVE_META_COMPLETE=bash_complete exec "$@"
"""


def offered() -> set[str]:
    """What `eve-meta attach` is completed with."""
    command = ["unshare", "--mount", "sh", "-euc", _ASKED, "sh", *EVE_META]
    lines = subprocess.check_output(command, text=True, env=os.environ).splitlines()
    return {name for kind, name in (line.split(",", 1) for line in lines) if kind == "plain"}


def test_ports(host: Host, agent: Agent) -> None:
    """Ports of VMs, attached or not; neither bridges, nor what the agent has made."""
    before = offered()
    host.bridge("br0")
    host.guest("red", "tap0", bridge="br0")
    host.guest("green", "tap1")
    agent.attach("tap0", RED)

    assert {"tap0", "tap1"} == offered() - before
