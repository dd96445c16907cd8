"""How a look at an interface ended."""

from attrs import frozen

from eve_meta.agent.record import Record
from eve_meta.agent.status import State
from eve_meta.errors import EveMetaError
from netns import NetnsError, NoSuchInterfaceError, Seen, UnsuitableInterfaceError


@frozen
class Outcome:
    """How a look at an interface ended.

    Attributes:
        state: None when nothing should be served there, and nothing is.
        error: why its guest is not answered.
    """

    state: State | None
    error: NetnsError | EveMetaError | None = None


@frozen
class UnexpectedError(EveMetaError):
    """A bug of ours; its traceback is in the agent's log."""

    def __str__(self) -> str:
        return "an unexpected error: see the agent's log"


def of(interface: str, record: Record | None, seen: Seen, renamed: str | None) -> Outcome:
    """Of a look at which all that was planned was done.

    Args:
        interface: its name.
        record: what should be served there.
        seen: what was there.
        renamed: the name that the interface has had since, where it was renamed.
    """
    if record is None:
        return Outcome(None)
    if seen.port is None:
        return Outcome(State.ABSENT, NoSuchInterfaceError(interface, renamed))
    if seen.port.objection:
        return Outcome(State.FAILED, UnsuitableInterfaceError(interface, seen.port.objection))
    return Outcome(State.OPEN)
