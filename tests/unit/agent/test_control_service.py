"""The control socket on a real file system."""

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from twisted.internet.epollreactor import EPollReactor

from eve_meta.agent.control_service import (
    ASKING_SECONDS,
    FINISHING_SECONDS,
    ControlService,
    ControlSocketError,
    Place,
    clear,
)
from eve_meta.agent.supervisor import CONTROL, Supervisor
from tests.unit.agent.memory_host import AgentTestCase

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

LIST = b"GET /v1/interfaces HTTP/1.0\r\n\r\n"
WAIT = b"PUT /v1/interfaces/late0?wait=60 HTTP/1.0\r\nContent-Length: %d\r\n\r\n"
WEB = b'{"uuid": "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


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
        """A service on the real reactor, which runs only when it is told."""
        return ControlService(self.loop, self.reactor, self.agent.lifecycle, Place(self.path), supervisor)

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

    def test_never_open_to_others(self) -> None:
        """The socket's mode is set by its bind; other files are made as before."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)

        self.service.startService()

        assert 0o600 == stat.S_IMODE(self.path.stat().st_mode)
        assert 0 == os.umask(0)

    def test_group(self) -> None:
        """A group is let in where one is named, and no more once none is; others never."""
        group = os.getgid()
        self.path.parent.mkdir(mode=0o700)
        with self.listening():
            Place(self.path, group).admit()
            assert 0o660 == stat.S_IMODE(self.path.stat().st_mode)
            assert group == self.path.stat().st_gid
            assert 0o711 == stat.S_IMODE(self.path.parent.stat().st_mode)

            Place(self.path).admit()
            assert 0o600 == stat.S_IMODE(self.path.stat().st_mode)

    def listening(self) -> socket.socket:
        """A socket that an agent has left."""
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(self.path))
        return left

    def test_goes_with_the_agent(self) -> None:
        self.service.startService()
        client = self.client()
        client.sendall(LIST)
        self.run_loop()
        assert client.recv(99).startswith(b"HTTP/1.0 200 ")

        assert self.is_stopped()

        assert not self.path.exists()

    def test_takes_the_place_of_a_killed_agent(self) -> None:
        self.path.parent.mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(self.path))

        self.service.startService()

        assert self.client()

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
        self.service = self.made(Supervisor(keeps_descriptors=True))
        self.service.startService()
        kept = socket.socket(fileno=self.service.hand_on())
        assert self.is_stopped()
        client = self.client()
        client.sendall(LIST)
        self.service = self.made(Supervisor(sockets={CONTROL: kept}))
        self.service.startService()
        self.run_loop()

        assert client.recv(99).startswith(b"HTTP/1.0 200 ")

    def test_kept_elsewhere(self) -> None:
        """A socket that was kept, but is not where clients look for it, is of no use."""
        with socket.socket(socket.AF_UNIX) as kept:
            kept.bind(str(self.path.parent.parent / "elsewhere"))
            kept.listen()
            self.service = self.made(Supervisor(sockets={CONTROL: kept}))
            self.service.startService()

            assert self.client()

    def test_stopping_twice(self) -> None:
        self.service.startService()

        assert [True, True] == [self.is_stopped(), self.is_stopped()]

    def test_a_directory_that_cannot_be_made(self) -> None:
        self.path.parent.write_text("")

        with pytest.raises(ControlSocketError, match="File exists"):
            self.service.startService()


def test_clear_of_nothing(path: Path) -> None:
    clear(path)

    assert not path.exists()


def test_clear_of_a_dead_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    clear(path)

    assert not path.exists()


def test_clear_of_a_living_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()

        with pytest.raises(ControlSocketError, match="another agent is running"):
            clear(path)

    assert path.exists()


def test_clear_of_a_file(path: Path) -> None:
    path.write_text("precious")

    with pytest.raises(ControlSocketError, match="is not a socket"):
        clear(path)

    assert "precious" == path.read_text()
