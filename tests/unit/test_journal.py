"""What the journal, a real socket here, is sent of the log."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from twisted.logger import Logger, LogLevel, capturedLogs

from eve_meta import journal
from eve_meta.log import JournalWriter, LineWriter, one_line

VM = UUID("11111111-1111-4111-8111-111111111111")
RECEIVED_BYTES = 1 << 17


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal listens."""
    return tmp_path / "socket"


@pytest.fixture
def listening(path: Path) -> Iterator[socket.socket]:
    """The journal's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(path))
        made.settimeout(1)
        yield made


@pytest.fixture
def otherwise(tmp_path: Path) -> Path:
    """Where lines go that the journal does not take."""
    return tmp_path / "log"


@pytest.fixture
def writer(listening: socket.socket, path: Path, otherwise: Path) -> Iterator[JournalWriter]:
    """What sends events to the journal."""
    del listening
    with otherwise.open("w", encoding="utf-8") as lines, journal.connect(str(path)) as connected:
        yield JournalWriter(connected, LineWriter(lines, one_line))


def say(writer: JournalWriter, level: LogLevel, text: str, **values: object) -> None:
    """Log an event."""
    with capturedLogs() as logged:
        Logger(namespace="eve_meta.test").emit(level, text, **values)
    writer(logged[0])


def received(listening: socket.socket) -> list[str]:
    """The next entry's lines."""
    return listening.recv(RECEIVED_BYTES).decode().splitlines()


def test_entry(writer: JournalWriter, listening: socket.socket) -> None:
    """An entry says how grave, where, about which interface, about which VM, and what."""
    say(writer, LogLevel.warn, "{interface}: open", interface="tap0", uuid=VM)

    assert received(listening) == [
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=eve-meta",
        "EVE_META_LOGGER=eve_meta.test",
        "EVE_META_INTERFACE=tap0",
        f"EVE_META_VM={VM}",
        "MESSAGE=tap0: open",
    ]


def test_interfaces(writer: JournalWriter, listening: socket.socket) -> None:
    """What is about several interfaces is found by each."""
    say(writer, LogLevel.info, "changed", interfaces=["tap0", "tap1"])

    assert received(listening)[3:5] == ["EVE_META_INTERFACE=tap0", "EVE_META_INTERFACE=tap1"]


def test_nobody(writer: JournalWriter, listening: socket.socket) -> None:
    """What is about no VM has no field that says so; nor has a detached interface a VM."""
    say(writer, LogLevel.info, "ready", uuid=None)

    assert [line for line in received(listening) if line.startswith(("EVE_META_I", "EVE_META_V"))] == []


@pytest.mark.parametrize("name", ["debug", "info", "warn", "error", "critical"])
def test_priority(writer: JournalWriter, listening: socket.socket, name: str) -> None:
    """Graver is a lower number, as syslog has it."""
    say(writer, LogLevel.levelWithName(name), "said")

    number = {"debug": 7, "info": 6, "warn": 4, "error": 3, "critical": 2}[name]
    assert received(listening)[0] == f"PRIORITY={number}"


def test_no_field_is_smuggled_in(writer: JournalWriter, listening: socket.socket) -> None:
    """What has several lines is one field for all that."""
    say(writer, LogLevel.info, "one\nPRIORITY=0\n{what}", what="\r\nEVE_META_VM=another", interface="a\nb=c")

    assert received(listening)[3:] == [
        "EVE_META_INTERFACE=a b=c",
        "MESSAGE=one PRIORITY=0 EVE_META_VM=another",
    ]


def test_long(writer: JournalWriter, listening: socket.socket) -> None:
    """A message without end is cut, not lost."""
    say(writer, LogLevel.info, "é" * 1_000_000)

    assert received(listening)[-1].startswith("MESSAGE=ééé")


def test_journal_gone(writer: JournalWriter, listening: socket.socket, otherwise: Path) -> None:
    """What the journal does not take is a line as elsewhere."""
    listening.close()
    say(writer, LogLevel.info, "{interface}: open", interface="tap0")

    assert otherwise.read_text(encoding="utf-8") == "info eve_meta.test: tap0: open\n"


def test_nobody_listens(path: Path) -> None:
    """A journal that is not there cannot be connected to."""
    with pytest.raises(FileNotFoundError):
        journal.connect(str(path))


def test_is_journal(otherwise: Path) -> None:
    """The journal reads the stream that the environment names, by device and inode, and no other."""
    with otherwise.open("w", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        named = [f"{status.st_dev}:{status.st_ino}", f"{status.st_dev}:1"]
        found = [journal.is_journal(stream, {"JOURNAL_STREAM": each}) for each in named]

        assert [True, False, False] == [*found, journal.is_journal(stream, {})]
