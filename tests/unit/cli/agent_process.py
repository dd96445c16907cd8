"""A process with an agent that is real but for the host and the servers, which are in memory: DIRECTORY.

Its standard input says what happens: a line `+tap0` lets a port come, `-tap0` lets it go, `*tap0 TEXT` lets
the guest there set its password, and `!tap0 TEXT` report a kubeconfig; each is answered with `done`. It says
`done` first when it can be asked, and stops at the end of its input, so it cannot outlive a test.
"""

import sys
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver

from netns import KernelRefusedError, MissingError
from netns.memory import MemoryNetwork
from netns.steps import AddNamespace
from tests.unit.agent.memory_host import MemoryProcess, ask_as_guest, make_agent, posting, setting


class Host(LineOnlyReceiver):
    """Hears of ports, and lives as long as standard input does."""

    delimiter = b"\n"

    def __init__(self, network: MemoryNetwork, processes: tuple[MemoryProcess, ...]) -> None:
        self._network = network
        self._processes = processes

    def connectionMade(self) -> None:
        self.sendLine(b"done")

    def lineReceived(self, line: bytes) -> None:
        change, name, text = line[:1], *line[1:].decode().partition(" ")[::2]
        match change:
            case b"+":
                self._network.add_port(name)
            case b"-":
                self._network.remove_port(name)
            case b"*":
                ask_as_guest(self._network, self._processes, name, setting(text))
            case _:
                report = posting("/eve/v1/kubeconfig", text.encode(), "application/json")
                ask_as_guest(self._network, self._processes, name, report)
        self.sendLine(b"done")

    def connectionLost(self, reason: object = None) -> None:
        del reason
        if reactor.running:
            reactor.stop()


def main(directory: str) -> None:
    network = MemoryNetwork()
    network.add_port("br0", objection="is a bridge: name the VM's port on it, e.g. tap0")
    network.refusals = {
        AddNamespace("tap-refused"): KernelRefusedError("add the link evmabc", 28),
        AddNamespace("tap-missing"): MissingError("nf_tables", "load the kernel module nf_tables"),
    }
    agent, processes = make_agent(Path(directory), network, reactor)
    agent.startService()
    reactor.addSystemEventTrigger("before", "shutdown", agent.stopService)
    StandardIO(Host(network, processes))
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
