"""Where a server's log goes: standard error, a line for an event, nothing that a guest or a document said."""

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


def start_logging(stream: TextIO) -> None:
    """Log to a stream from now on: what we say from *info* up, what Twisted says from *warn* up."""
    levels = LogLevelFilterPredicate(defaultLogLevel=LogLevel.warn)
    levels.setLogLevelForNamespace("eve_meta", LogLevel.info)
    observer = FilteringLogObserver(_LineWriter(stream), [levels])
    globalLogBeginner.beginLoggingTo([observer], discardBuffer=True, redirectStandardIO=False)


@final
@frozen
@implementer(ILogObserver)
class _LineWriter:
    stream: TextIO

    def __call__(self, event: LogEvent) -> None:
        self.stream.write(one_line(event) + "\n")
        self.stream.flush()


def one_line(event: LogEvent) -> str:
    """An event as a line; a failure's kind and way through the files, but not its words: they quote data."""
    level, failure = event["log_level"].name, event.get("log_failure", event.get("failure"))
    said = formatEvent(event) if failure is None else _without_words(event, failure)
    return " ".join(f"{level} {event['log_namespace']}: {said}".split())


def _without_words(event: LogEvent, failure: Failure) -> str:
    """What an event with a failure says; Twisted's old kind says but the failure's words."""
    text = "unhandled error" if "failure" in event else formatEvent(event)
    return f"{text} ({_kind_and_way(failure)})"


def _kind_and_way(failure: Failure) -> str:
    way = " < ".join(
        f"{name} {file.rpartition('/')[2]}:{line}" for name, file, line, *_ in reversed(failure.frames)
    )
    return f"{type(failure.value).__name__} in {way}"
