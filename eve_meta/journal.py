"""Log events as entries of systemd's journal, with fields to filter by: `journalctl EVE_META_INTERFACE=tap0`.

The protocol is a datagram of lines. python-systemd and cysystemd want libsystemd, which a virtual environment
would have to be built against on each hypervisor; they connect at the first line, when a server is confined.
Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, systemd.exec(5) on `$JOURNAL_STREAM`.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from typing import TextIO

from twisted.logger import LogEvent, LogLevel

SOCKET = "/run/systemd/journal/socket"

WAIT_SECONDS = 1.0
"""How long a journal that is busy may hold us up."""

_PRIORITIES = {
    LogLevel.debug: 7,
    LogLevel.info: 6,
    LogLevel.warn: 4,
    LogLevel.error: 3,
    LogLevel.critical: 2,
}
_IDENTIFIER = "eve-meta"
_MESSAGE_MAX_BYTES = 16384


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether what is written to a stream is read by the journal."""
    read = environ.get("JOURNAL_STREAM")
    return read is not None and read == _identity(os.fstat(stream.fileno()))


def connect(path: str) -> socket.socket:
    """The journal; it stays connected where its path is out of reach, and when it is started again.

    Raises:
        OSError: nobody listens.
    """
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        journal.connect(path)
    except OSError:
        journal.close()
        raise
    journal.settimeout(WAIT_SECONDS)
    return journal


def entry(event: LogEvent, message: str) -> bytes:
    """An event as an entry of the journal, which says of it what it is told to."""
    fields = (
        ("PRIORITY", _PRIORITIES[event["log_level"]]),
        ("SYSLOG_IDENTIFIER", _IDENTIFIER),
        ("EVE_META_LOGGER", event["log_namespace"]),
        *_about(event),
    )
    lines = (f"{name}={_one_line(str(value))}\n".encode() for name, value in fields)
    return b"".join(lines) + b"MESSAGE=" + _one_line(message).encode()[:_MESSAGE_MAX_BYTES] + b"\n"


def interfaces(event: LogEvent) -> tuple[str, ...]:
    """Which interfaces an event is about."""
    interface = event.get("interface")
    return (interface,) if interface else tuple(event.get("interfaces", ()))


def _identity(file: os.stat_result) -> str:
    return f"{file.st_dev}:{file.st_ino}"


def _about(event: LogEvent) -> Iterator[tuple[str, object]]:
    """Of which kind an event is, which interfaces it is about, and which VM."""
    if "kind" in event:
        yield "EVE_META_KIND", event["kind"]
    for each in interfaces(event):
        yield "EVE_META_INTERFACE", each
    if uuid := event.get("uuid"):
        yield "EVE_META_VM", uuid


def _one_line(text: str) -> str:
    return " ".join(text.split())
