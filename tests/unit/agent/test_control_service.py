"""Who is let in at the control socket, a real one, and out again."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from twisted.internet.epollreactor import EPollReactor

from eve_meta.agent.control_service import ASKING_SECONDS, FINISHING_SECONDS, ControlService
from eve_meta.agent.control_socket import ControlSocket, Place
from eve_meta.agent.supervisor import CONTROL, Supervisor
from tests.unit.agent.memory_host import AgentTestCase

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

LIST = b"GET /v1/interfaces HTTP/1.0\r\n\r\n"
WAIT = b"PUT /v1/interfaces/late0?wait=60 HTTP/1.0\r\nContent-Length: %d\r\n\r\n"
WEB = b'{"uuid": "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"}'


class ControlServiceTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()
        self.path = tmp_path / "another" / "control.sock"
        self.loop = EPollReactor()
        self.service = self.made(Supervisor())
        self.addCleanup(self.is_stopped)

    def made(self, supervisor: Supervisor) -> ControlService:
        """A service at a socket, on the real reactor, which runs only when it is told."""
        self.socket = ControlSocket(Place(self.path), supervisor)
        self.socket.listen()
        return ControlService(self.loop, self.reactor, self.agent.lifecycle, self.agent.events, self.socket)

    def client(self) -> socket.socket:
        """Somebody who is connected."""
        connected = socket.socket(socket.AF_UNIX)
        self.addCleanup(connected.close)
        connected.settimeout(5)
        connected.connect(str(self.path))
        return connected

    def waiting(self) -> socket.socket:
        """Somebody who has asked the service for what takes long."""
        self.service.startService()
        client = self.client()
        client.sendall(WAIT % len(WEB) + WEB)
        self.run_loop()
        return client

    def stopping(self) -> "Deferred[None]":
        """Stop the service, as far as it can be stopped while nobody asks any more."""
        stopped = self.service.stopService()
        self.reactor.advance(ASKING_SECONDS)
        self.run_loop()
        return stopped

    def is_stopped(self) -> bool:
        """Stop the service; whether that is done at once."""
        return bool(self.stopping().called)

    def run_loop(self) -> None:
        """Have done what is to be done by now."""
        for _ in range(5):
            self.loop.iterate()

    def test_goes_with_the_agent(self) -> None:
        self.service.startService()
        client = self.client()
        client.sendall(LIST)
        self.run_loop()
        assert client.recv(99).startswith(b"HTTP/1.0 200 ")

        assert self.is_stopped()

        assert not self.path.exists()

    def test_lets_go_of_clients(self) -> None:
        """Who has asked nothing is not waited for."""
        self.service.startService()
        client = self.client()
        self.run_loop()

        assert self.is_stopped()
        self.run_loop()

        assert b"" == client.recv(1)

    def test_hears_who_is_connected(self) -> None:
        """Who is connected, and has asked before we heard of it, is answered."""
        self.service.startService()
        client = self.client()
        self.run_loop()
        stopped = self.service.stopService()
        client.sendall(LIST)
        self.run_loop()

        self.successResultOf(stopped)
        assert client.recv(99).startswith(b"HTTP/1.0 200 ")

    def test_answers_who_asked(self) -> None:
        """What was begun is carried out before the agent stops."""
        client = self.waiting()
        stopped = self.stopping()
        self.network.add_port("late0")
        self.told()
        self.assertNoResult(stopped)
        self.run_loop()

        self.successResultOf(stopped)
        assert client.recv(99).startswith(b"HTTP/1.0 200 ")

    def test_does_not_wait_forever(self) -> None:
        self.waiting()
        stopped = self.stopping()
        self.assertNoResult(stopped)

        self.reactor.advance(FINISHING_SECONDS)
        self.run_loop()

        self.successResultOf(stopped)

    def test_kept(self) -> None:
        """Where the socket is kept, who connects while no agent runs is answered by the next one."""
        self.socket.close()
        self.service = self.made(Supervisor(keeps_descriptors=True))
        self.service.startService()
        kept = socket.socket(fileno=self.socket.hand_on())
        assert self.is_stopped()
        client = self.client()
        client.sendall(LIST)
        self.service = self.made(Supervisor(sockets={CONTROL: kept}))
        self.service.startService()
        self.run_loop()

        assert client.recv(99).startswith(b"HTTP/1.0 200 ")

    def test_stopping_twice(self) -> None:
        self.service.startService()

        assert [True, True] == [self.is_stopped(), self.is_stopped()]
