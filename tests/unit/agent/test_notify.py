"""What the agent tells its supervisor, which is a real socket here."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from eve_meta.agent import notify
from eve_meta.agent.notify import Notifier

RECEIVED_BYTES = 4096


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a supervisor listens."""
    return f"{'@' if request.param == 'abstract' else ''}{tmp_path / 'notify'}"


@pytest.fixture
def supervisor(address: str) -> Iterator[socket.socket]:
    """A supervisor that listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0"))
        listening.settimeout(1)
        yield listening


def test_tell(supervisor: socket.socket, address: str) -> None:
    """A notice is one datagram, with a line for each field."""
    Notifier.from_environment({"NOTIFY_SOCKET": address}).tell(READY="1", STATUS="2 interfaces")

    assert supervisor.recv(RECEIVED_BYTES) == b"READY=1\nSTATUS=2 interfaces"


def test_tell_with(supervisor: socket.socket, address: str) -> None:
    """The supervisor has the descriptors that it was handed, and so have we."""
    reading, writing = os.pipe()
    Notifier(address).tell_with([writing], FDSTORE="1", FDNAME="tap0")

    said, (received,), *_ = socket.recv_fds(supervisor, RECEIVED_BYTES, 2)

    assert said == b"FDSTORE=1\nFDNAME=tap0"
    for descriptor in (writing, received):
        os.write(descriptor, b"x")
        os.close(descriptor)
    assert os.read(reading, RECEIVED_BYTES) == b"xx"
    os.close(reading)


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}])
def test_no_supervisor(environ: dict[str, str]) -> None:
    """Where nobody is to be told nothing is said, nor missed."""
    with capturedLogs() as logged:
        Notifier.from_environment(environ).tell(READY="1")

    assert logged == []


def test_supervisor_gone(address: str, tmp_path: Path) -> None:
    """A supervisor that is gone is logged once, and told again when it is back."""
    notifier = Notifier(address)
    with capturedLogs() as logged:
        notifier.tell(WATCHDOG="1")
        notifier.tell(WATCHDOG="1")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as back:
            back.bind(address.replace("@", "\0"))
            notifier.tell(READY="1")
            assert back.recv(RECEIVED_BYTES) == b"READY=1"
        notifier.tell(WATCHDOG="1")

    assert [str(tmp_path / "notify") in event["address"] for event in logged] == [True, True]


@pytest.mark.usefixtures("supervisor")
def test_supervisor_busy(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that takes nothing in holds the agent up for no longer than a set time."""
    monkeypatch.setattr(notify, "WAIT_SECONDS", 0.01)
    limit = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text(encoding="ascii"))
    with capturedLogs() as logged:
        for _ in range(limit + 2):
            Notifier(address).tell(WATCHDOG="1")

    assert [event["reason"] for event in logged] == ["timed out"]
