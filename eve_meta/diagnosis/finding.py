"""What was found out about one thing, in a line."""

import enum

from attrs import frozen


class Level(enum.Enum):
    """Whether something is to be done."""

    OK = "ok"
    WARN = "warn"
    """It may be meant so, or may explain what fails."""
    FAIL = "FAIL"


@frozen
class Finding:
    """One thing that was looked at.

    Attributes:
        check: what it was, the same for programs on every host: "kernel", "probe IPv4".
        message: how it is.
        remedy: what to do; empty where nothing is.
    """

    check: str
    level: Level
    message: str
    remedy: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether something is wrong for sure."""
        return self.level is Level.FAIL

    def __str__(self) -> str:
        return f"{self.check}: {self.message}{': ' if self.remedy else ''}{self.remedy}"


def ok(check: str, message: str) -> Finding:
    """It is as it should be."""
    return Finding(check, Level.OK, message)


def warn(check: str, message: str, remedy: str) -> Finding:
    """It may be meant so."""
    return Finding(check, Level.WARN, message, remedy)


def fail(check: str, message: str, remedy: str) -> Finding:
    """It is not as it should be."""
    return Finding(check, Level.FAIL, message, remedy)
