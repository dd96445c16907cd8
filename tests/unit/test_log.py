"""Log lines of a server."""

import json
from datetime import datetime, timedelta
from uuid import UUID

from twisted.logger import Logger, capturedLogs
from twisted.python import log
from twisted.python.failure import Failure

from eve_meta.log import json_line, one_line

SECRET = "correct horse battery staple"


def failure() -> Failure:
    try:
        int(SECRET)
    except ValueError:
        return Failure()
    raise AssertionError


def test_a_line_says_how_grave_where_and_what() -> None:
    with capturedLogs() as logged:
        Logger(namespace="eve_meta.test").info("{interface}: open", interface="tap0")

    assert [one_line(event) for event in logged] == ["info eve_meta.test: tap0: open"]


def test_an_event_in_json() -> None:
    """With fields to filter by where it has them."""
    with capturedLogs() as logged:
        logger = Logger(namespace="eve_meta.test")
        fields = {"interface": "tap0", "uuid": UUID(int=1), "ms": 5, "revision": 2, "other": object()}
        logger.info("{interface}: open\n{ms}", **fields)
        logger.error("{names}", names="tap0, tap1", interfaces=["tap0", "tap1"])
        logger.failure("no answer", failure())

    one, many, failed = [json.loads(json_line(event)) for event in logged]

    assert datetime.fromisoformat(one.pop("time")).utcoffset() == timedelta()
    assert one == {
        "level": "info",
        "logger": "eve_meta.test",
        "message": "tap0: open 5",
        "interfaces": ["tap0"],
        "vm": str(UUID(int=1)),
        "revision": 2,
        "ms": 5,
    }
    assert (many["level"], many["interfaces"]) == ("error", ["tap0", "tap1"])
    assert SECRET not in failed["message"]


def test_an_event_of_many_lines_is_one_line() -> None:
    with capturedLogs() as logged:
        Logger(namespace="eve_meta.test").warn("one\n  two\r\nthree")

    assert [one_line(event) for event in logged] == ["warn eve_meta.test: one two three"]


def test_a_failure_is_told_by_its_kind_and_place_only() -> None:
    """Its words may quote what a guest sent or what a document holds."""
    with capturedLogs() as logged:
        Logger(namespace="eve_meta.test").failure("no answer", failure())
        log.err(failure())

    ours, old = [one_line(event) for event in logged]

    assert ours.startswith("critical eve_meta.test: no answer (ValueError in failure test_log.py:")
    assert old.startswith("critical log_legacy: unhandled error (ValueError in failure test_log.py:")
