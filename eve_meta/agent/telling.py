"""What is told of interfaces: one event for each change."""

from collections.abc import Iterable
from uuid import UUID

from twisted.logger import Logger

from eve_meta.agent.outcome import Outcome
from eve_meta.agent.plan import OpenedDoor
from eve_meta.agent.record import Record
from eve_meta.agent.status import State
from eve_meta.errors import EveMetaError
from eve_meta.milestones import Milestone
from netns import NetnsError

_log = Logger()

_WORDS = {
    Milestone.ASKED: "VM {uuid} has asked for the first time since it is answered there",
    Milestone.USER_DATA: "VM {uuid} has read its user data, revision {revision}",
}


def changed(
    interface: str, record: Record | None, door: OpenedDoor | None, outcome: Outcome, ms: int
) -> None:
    """Something was made for an interface, or taken away, where nothing was spoiled.

    Args:
        interface: its name.
        record: what should be served there; None: it is not attached.
        door: what was served there before.
        outcome: how it ended.
        ms: how long it took.
    """
    if record and outcome.state is State.OPEN:
        _answered(interface, record, ms)
    elif record and outcome.state is State.ABSENT:
        _log.info(
            "{interface}: vanished ({ms} ms)", kind="absent", interface=interface, uuid=record.uuid, ms=ms
        )
    elif record or not door:
        # Otherwise it is detached, which is told as that.
        vm = record.uuid if record else None
        _log.info("{interface}: cleared ({ms} ms)", kind="cleared", interface=interface, uuid=vm, ms=ms)


def updated(record: Record) -> None:
    """The guest of a VM is answered from another revision."""
    _log.info(
        "{names}: answered from revision {revision}",
        kind="updated",
        names=", ".join(record.interfaces),
        interfaces=record.interfaces,
        uuid=record.uuid,
        revision=record.revision,
    )


def detached(interface: str, vm: UUID, ms: int) -> None:
    """It is forgotten, and what was made for it is gone."""
    _log.info(
        "{interface}: detached from VM {uuid} ({ms} ms)", kind="detached", interface=interface, uuid=vm, ms=ms
    )


def password_set(interface: str, vm: UUID) -> None:
    """A guest has."""
    _log.info("{interface}: VM {uuid} has set its password", kind="password", interface=interface, uuid=vm)


def reported(interface: str, vm: UUID, report: str) -> None:
    """A guest has."""
    _log.info(
        "{interface}: VM {uuid} has reported: {report}",
        kind="report",
        interface=interface,
        uuid=vm,
        report=report,
    )


def reached(interface: str, record: Record, milestone: Milestone) -> None:
    """A guest has come to a milestone of its boot."""
    _log.info(
        "{interface}: " + _WORDS[milestone],
        kind=milestone.value,
        interface=interface,
        uuid=record.uuid,
        revision=record.revision,
    )


def repaired(interface: str, vm: UUID | None, faults: Iterable[str], ms: int) -> None:
    """What others had spoiled was put right."""
    _log.warn(
        "{interface}: put right: {faults} ({ms} ms)",
        kind="repaired",
        interface=interface,
        uuid=vm,
        faults=", ".join(faults),
        ms=ms,
    )


def failing(interface: str, vm: UUID | None, error: NetnsError | EveMetaError | None) -> None:
    """It cannot be answered, and is tried again."""
    _log.warn("{interface}: {error}", kind="failing", interface=interface, uuid=vm, error=error)


def recovered(interface: str, vm: UUID | None) -> None:
    """It can again."""
    _log.info("{interface}: no longer fails", kind="recovered", interface=interface, uuid=vm)


def _answered(interface: str, record: Record, ms: int) -> None:
    _log.info(
        "{interface}: answered as VM {uuid}, revision {revision} ({ms} ms)",
        kind="answered",
        interface=interface,
        uuid=record.uuid,
        revision=record.revision,
        ms=ms,
    )
