"""The control socket on a real file system."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eve_meta.agent.control_socket import ControlSocket, ControlSocketError, Place, clear
from eve_meta.agent.supervisor import CONTROL, Supervisor


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@contextmanager
def listening(path: Path, supervisor: Supervisor = Supervisor()) -> Iterator[None]:  # noqa: B008 - a value
    """A control socket, to which a client can connect."""
    made = ControlSocket(Place(path), supervisor)
    made.listen()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        yield
    made.close()


def test_never_open_to_others(tmp_path: Path) -> None:
    """The socket's mode is set by its bind; other files are made as before."""
    path = tmp_path / "another" / "control.sock"
    before = os.umask(0)
    try:
        with listening(path):
            assert 0o600 == stat.S_IMODE(path.stat().st_mode)
            assert 0 == os.umask(0)
    finally:
        os.umask(before)


def test_group(tmp_path: Path) -> None:
    """A group is let in where one is named, and no more once none is; others never."""
    directory = tmp_path / "private"
    directory.mkdir(mode=0o700)
    path = directory / "control.sock"
    group = os.getgid()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        Place(path, group).admit()
        assert 0o660 == stat.S_IMODE(path.stat().st_mode)
        assert group == path.stat().st_gid
        assert 0o711 == stat.S_IMODE(directory.stat().st_mode)

        Place(path).admit()
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_takes_the_place_of_a_killed_agent(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    with listening(path):
        assert path.exists()
    assert not path.exists()


def test_kept_elsewhere(path: Path) -> None:
    """A socket that was kept, but is not where clients look for it, is of no use."""
    with socket.socket(socket.AF_UNIX) as kept:
        kept.bind(str(path.with_name("elsewhere")))
        kept.listen()
        with listening(path, Supervisor(sockets={CONTROL: kept})):
            assert -1 == kept.fileno()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(ControlSocketError, match="File exists"),
        listening(tmp_path / "file" / "control.sock"),
    ):
        pass


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
