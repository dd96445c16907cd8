"""The control socket on a real file system."""

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import UNIXAddress
from twisted.internet.testing import MemoryReactor, StringTransportWithDisconnection

from eve_meta.agent.control_service import ControlService, ControlSocketError, clear
from tests.unit.agent.memory_host import AgentTestCase


class BindingReactor(MemoryReactor):
    """Binds in truth, to see what a bind leaves on disk; listens in memory."""

    def listenUNIX(self, *args: Any, **named: Any) -> Any:
        self.mode_at_bind = _bound(args[0])
        return super().listenUNIX(*args, **named)


def _bound(path: str | Path) -> int:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
    return stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116 - the mode of what was just bound


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


class ControlServiceTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.path = tmp_path / "run" / "control.sock"
        self.binding = BindingReactor()
        self.service = ControlService(self.binding, self.reactor, self.agent.lifecycle, self.path)

    def test_never_open_to_others(self) -> None:
        """Neither right after the bind nor later; other files are made as before."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)

        self.service.startService()

        assert 0o600 == self.binding.mode_at_bind
        assert [(str(self.path), 0o600)] == [(server[0], server[3]) for server in self.binding.unixServers]
        assert 0 == os.umask(0)

    def test_takes_the_place_of_a_killed_agent(self) -> None:
        self.path.parent.mkdir(parents=True)
        _bound(self.path)

        self.service.startService()

        assert 1 == len(self.binding.unixServers)

    def test_lets_go_of_clients(self) -> None:
        self.service.startService()
        transport = StringTransportWithDisconnection()
        client = self.binding.unixServers[0][1].buildProtocol(UNIXAddress(None))
        transport.protocol = client
        client.makeConnection(transport)

        self.successResultOf(self.service.stopService())

        assert transport.disconnected

    def test_stopping_twice(self) -> None:
        self.service.startService()

        self.successResultOf(self.service.stopService())
        self.successResultOf(self.service.stopService())

    def test_a_directory_that_cannot_be_made(self) -> None:
        self.path.parent.write_text("")

        with pytest.raises(ControlSocketError, match="File exists"):
            self.service.startService()


def test_clear_of_nothing(path: Path) -> None:
    clear(path)

    assert not path.exists()


def test_clear_of_a_dead_socket(path: Path) -> None:
    _bound(path)

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
