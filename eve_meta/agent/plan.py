"""From what should be served and what is there to the actions that close the difference.

Note [What is done at an interface]

    document   port              actions
    none       any               CloseDoor? Change(Unsteer? RemoveLink? RemoveNamespace?)
    some       absent, refused   the same: nothing of ours is kept for a VM that is off
    some       there             CloseDoor? Change(build…) OpenDoor | Refresh? Change(Steer)?

A door is closed before its namespace is made anew, as its socket is of the old one, and so it may be
where the link does not lead to the namespace of that name; and when the
interface now belongs to another VM. It is opened before frames are steered to it.
"""

from uuid import UUID

from attrs import frozen

from eve_meta.agent.record import Edition, Record
from netns import Presence, Seen, Step, build, clear, connect


@frozen
class OpenedDoor:
    """What is served at an interface now: to which VM, and which edition of it."""

    uuid: UUID
    edition: Edition


@frozen
class Change:
    """Apply a step to the kernel."""

    step: Step


@frozen
class OpenDoor:
    """Listen in the interface's namespace, and let a server answer from a record."""

    interface: str
    record: Record


@frozen
class Refresh:
    """Answer from another edition at all open doors of a VM."""

    record: Record


@frozen
class CloseDoor:
    """Stop to listen, and end every connection of a guest."""

    interface: str


Action = Change | OpenDoor | Refresh | CloseDoor


def plan(interface: str, record: Record | None, seen: Seen, door: OpenedDoor | None) -> tuple[Action, ...]:
    """The actions for one interface, in order; none when it is as it should be."""
    if record is None or seen.port is None or seen.port.objection:
        closing = (CloseDoor(interface),) if door else ()
        return (*closing, *_changes(clear(interface, seen)))
    building = _changes(build(interface, seen.port, seen))
    steering = _changes(connect(interface, seen))
    is_elsewhere = seen.namespace is not Presence.PRESENT or (seen.inside and seen.inside.is_severed)
    if door and (door.uuid != record.uuid or is_elsewhere):
        return (CloseDoor(interface), *building, OpenDoor(interface, record), *steering)
    if not door:
        return (*building, OpenDoor(interface, record), *steering)
    refreshing = (Refresh(record),) if door.edition != record.edition else ()
    return (*building, *refreshing, *steering)


def _changes(steps: tuple[Step, ...]) -> tuple[Change, ...]:
    return tuple(Change(step) for step in steps)
