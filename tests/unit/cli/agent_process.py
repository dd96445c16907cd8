"""A process that serves the real control socket over an agent without a kernel: RUN_DIR STATE_DIR.

Says `ready` when it listens and stops at the end of its standard input, so it cannot outlive a test.
"""

import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO

from eve_meta.agent.control_service import ControlService
from eve_meta.agent.inventory import Inventory
from eve_meta.contact import control_socket
from tests.unit.agent.memory_agent import MemoryAgent


class UntilTheEnd(Protocol):
    """Lives as long as standard input does."""

    def connectionLost(self, reason: object = None) -> None:
        del reason
        if reactor.running:
            reactor.stop()


def main(run_dir: str, state_dir: str) -> None:
    agent = MemoryAgent(Inventory.load(Path(state_dir)))
    socket = control_socket(Path(run_dir))
    service = ControlService(reactor, reactor, agent, socket)  # type: ignore[arg-type]  # it is one of Unix
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    input_and_output = StandardIO(UntilTheEnd())
    input_and_output.write(b"ready\n")
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
