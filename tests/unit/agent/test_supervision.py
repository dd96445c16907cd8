"""What a supervisor, a real socket here, is told of an agent on a host in memory."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, maybeDeferred

from eve_meta.agent.forks import ServerGoneError
from eve_meta.agent.notify import Notifier
from eve_meta.agent.supervision import READY_SECONDS, Supervision, watchdog_seconds
from tests.agents import GREEN, RED
from tests.unit.agent.memory_host import AgentTestCase

PID = 4242
SILENCE_SECONDS = 20.0
RECEIVED_BYTES = 4096


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "500000"}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(PID)}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog_seconds(environ: dict[str, str], seconds: float | None) -> None:
    """A supervisor's limit is one for the process that it names, or for whoever has the environment."""
    assert watchdog_seconds(environ, PID) == seconds


class SupervisionTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> Iterator[None]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as self.supervisor:
            self.supervisor.bind(str(tmp_path / "notify"))
            self.supervisor.setblocking(False)  # noqa: FBT003 - the socket module's way
            self.notifier = Notifier(str(tmp_path / "notify"))
            self.make(tmp_path)
            self.start()
            self.attach("tap0", RED)
            self.attach("tap1", GREEN)
            self.network.remove_port("tap1")
            self.stop()
            self.make_agent()
            yield

    def supervise(self, silence_seconds: float | None = None) -> None:
        """Start an agent with a supervisor."""
        self.thread: Deferred[None] | None = None
        self.supervision = Supervision(
            self.notifier, silence_seconds, self.agent.lifecycle, self.call, self.reactor
        )
        self.supervision.setServiceParent(self.agent)
        self.start()

    def call(self, function: object) -> "Deferred[None]":
        """The kernel's thread, unless it hangs."""
        return self.thread or maybeDeferred(function)  # type: ignore[call-overload] # any function

    def lose_server(self) -> None:
        """Let the server be down, and not come back."""

        async def ask(*_: object, **__: object) -> dict[str, object]:
            raise ServerGoneError

        self.processes[0].ask = ask  # type: ignore[method-assign] # down

    def heard(self) -> list[str]:
        """What the supervisor has been told since it was last asked: the names of the fields."""
        heard = []
        with contextlib.suppress(BlockingIOError):
            while True:
                said = self.supervisor.recv(RECEIVED_BYTES).decode()
                heard.append(" ".join(line.partition("=")[0] for line in said.splitlines()))
        return heard

    def test_ready(self) -> None:
        """Told when one interface is answered and the other is known to be absent."""
        self.supervise()

        assert self.supervisor.recv(RECEIVED_BYTES).decode().splitlines() == [
            "READY=1",
            "STATUS=1 of 2 attached interfaces are answered",
        ]
        assert "red" == self.read("tap0")

    def test_not_ready_yet(self) -> None:
        """Not told while an interface is still to be answered; then told anyway, and once."""
        self.lose_server()
        self.supervise()
        self.reactor.advance(READY_SECONDS - 1)
        before = self.heard()
        self.reactor.advance(1)

        assert ([], ["READY STATUS"]) == (before, self.heard())

    def test_stop(self) -> None:
        """Told when the agent begins to stop; one that never was ready does not become so."""
        self.lose_server()
        self.supervise()
        self.stop()
        self.reactor.advance(READY_SECONDS)

        assert ["STOPPING"] == self.heard()

    def test_replaced(self) -> None:
        """An agent that another program follows in its process does not stop, it is not ready for a while."""
        self.supervise()
        self.supervision.is_replaced = True
        self.heard()
        self.stop()

        assert ["RELOADING MONOTONIC_USEC"] == self.heard()

    def test_alive(self) -> None:
        """Told twice in the time that the supervisor allows."""
        self.supervise(SILENCE_SECONDS)
        before = self.heard()
        self.reactor.pump([1.0] * int(SILENCE_SECONDS))

        assert ["READY STATUS", "WATCHDOG STATUS"] == sorted(before)
        assert ["WATCHDOG STATUS"] * 2 == self.heard()

    def test_hangs(self) -> None:
        """An agent whose kernel thread hangs is silent."""
        self.supervise(SILENCE_SECONDS)
        self.thread = Deferred()
        self.heard()
        self.reactor.pump([1.0] * int(SILENCE_SECONDS))

        assert [] == self.heard()
