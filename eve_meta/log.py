"""Where the log goes: standard error, a line for an event, nothing that a guest or a document said.

Where the journal reads standard error, an event is an entry of the journal instead, unless JSON is wanted.
"""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TextIO, final

from attrs import frozen
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    globalLogBeginner,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from eve_meta import journal

_NUMBERS = ("revision", "ms")


def start_logging(stream: TextIO, environ: Mapping[str, str], form: str) -> None:
    """Log to a stream from now on: what we say from *info* up, what Twisted says from *warn* up.

    Args:
        stream: a terminal, a file, or what the journal reads.
        environ: what tells which of them it is.
        form: one of `settings.LOGS`.
    """
    levels = LogLevelFilterPredicate(defaultLogLevel=LogLevel.warn)
    levels.setLogLevelForNamespace("eve_meta", LogLevel.info)
    observer = FilteringLogObserver(_writer(stream, environ, form), [levels])
    globalLogBeginner.beginLoggingTo([observer], discardBuffer=True, redirectStandardIO=False)


def _writer(stream: TextIO, environ: Mapping[str, str], form: str) -> ILogObserver:
    if form == "json":
        return LineWriter(stream, json_line)
    lines = LineWriter(stream, one_line)
    if not journal.is_journal(stream, environ):
        return lines
    try:
        return JournalWriter(journal.connect(journal.SOCKET), lines)
    except OSError:
        return lines


@final
@frozen
@implementer(ILogObserver)
class LineWriter:
    """Writes a line for each event."""

    _stream: TextIO
    _line: Callable[[LogEvent], str]

    def __call__(self, event: LogEvent) -> None:
        """Write one."""
        self._stream.write(self._line(event) + "\n")
        self._stream.flush()


@final
@frozen
@implementer(ILogObserver)
class JournalWriter:
    """Sends each event to the journal, or elsewhere if the journal does not take it."""

    _journal: socket.socket
    _otherwise: ILogObserver

    def __call__(self, event: LogEvent) -> None:
        """Send one."""
        try:
            self._journal.send(journal.entry(event, _said(event)))
        except OSError:
            self._otherwise(event)


def one_line(event: LogEvent) -> str:
    """An event as a line."""
    return " ".join(f"{event['log_level'].name} {event['log_namespace']}: {_said(event)}".split())


def json_line(event: LogEvent) -> str:
    """An event as an object of JSON: when, how grave, who says what, and the fields to filter by."""
    return json.dumps(dict(fields(event)))


def fields(event: LogEvent) -> Iterator[tuple[str, object]]:
    """The fields of an event that a program can use."""
    if "kind" in event:
        yield "kind", event["kind"]
    yield "time", datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds")
    yield "level", event["log_level"].name
    yield "logger", event["log_namespace"]
    yield "message", " ".join(_said(event).split())
    if interfaces := journal.interfaces(event):
        yield "interfaces", interfaces
    if vm := event.get("uuid"):
        yield "vm", str(vm)
    for name in _NUMBERS:
        if name in event:
            yield name, event[name]


def _said(event: LogEvent) -> str:
    """What an event says; a failure's kind and way through the files, but not its words: they quote data."""
    failure = event.get("log_failure", event.get("failure"))
    return formatEvent(event) if failure is None else _without_words(event, failure)


def _without_words(event: LogEvent, failure: Failure) -> str:
    """What an event with a failure says; Twisted's old kind says but the failure's words."""
    text = "unhandled error" if "failure" in event else formatEvent(event)
    return f"{text} ({_kind_and_way(failure)})"


def _kind_and_way(failure: Failure) -> str:
    way = " < ".join(
        f"{name} {file.rpartition('/')[2]}:{line}" for name, file, line, *_ in reversed(failure.frames)
    )
    return f"{type(failure.value).__name__} in {way}"
