"""What is done at an interface, by what should be served, what is there and what is open."""

from uuid import UUID

import pytest

from eve_meta.agent.plan import Action, Change, CloseDoor, OpenDoor, OpenedDoor, Refresh, plan
from eve_meta.agent.record import TOKEN_KEY_BYTES, Record
from netns import Link, Port, Presence, Seen, Steering
from netns.steps import (
    AddLink,
    AddNamespace,
    Furnish,
    RemoveLink,
    RemoveNamespace,
    Renew,
    Steer,
    Unsteer,
)

TAP = "tap0"
VM, OTHER_VM = UUID(int=1), UUID(int=2)
RECORD = Record(
    uuid=VM, name=None, document=b"{}", token_key=bytes(TOKEN_KEY_BYTES), interfaces=(TAP,), revision=2
)
PORT = Port(index=7, mtu=1500)
BRIDGE = Port(index=7, mtu=1500, objection="is a bridge")
LINK = Link(index=8, mtu=1500)
HERE = Presence.PRESENT
WIRED = Seen(port=PORT, namespace=HERE, link=LINK, steering=Steering(7, 8))
UNSTEERED = Seen(port=PORT, namespace=HERE, link=LINK)
PORTLESS = Seen(namespace=HERE, link=LINK, steering=Steering(7, 8))
UNSUITED = Seen(port=BRIDGE, namespace=HERE, link=LINK, steering=Steering(7, 8))

OPEN, CLOSE, REFRESH = OpenDoor(TAP, RECORD), CloseDoor(TAP), Refresh(RECORD)
NEW = (Change(AddNamespace(TAP)), Change(AddLink(TAP, 1500)), Change(Furnish(TAP, 1500)))
RENEWED = (Change(Renew(TAP)), Change(Furnish(TAP, 1500)))
STEER = Change(Steer(TAP))
CLEAR = (Change(Unsteer(TAP)), Change(RemoveLink(TAP)), Change(RemoveNamespace(TAP)))

NO_DOOR = None
WITH_PASSWORD = OpenedDoor(VM, (2, "secret"))
GOOD, OLD, OTHERS = OpenedDoor(VM, (2, "")), OpenedDoor(VM, (1, "")), OpenedDoor(OTHER_VM, (2, ""))


@pytest.mark.parametrize(
    ("record", "seen", "door", "actions"),
    [
        (None, Seen(), NO_DOOR, ()),
        (None, Seen(port=PORT), NO_DOOR, ()),
        (None, WIRED, NO_DOOR, CLEAR),
        (None, WIRED, GOOD, (CLOSE, *CLEAR)),
        (RECORD, Seen(), NO_DOOR, ()),
        (RECORD, PORTLESS, GOOD, (CLOSE, *CLEAR)),
        (RECORD, Seen(port=BRIDGE), NO_DOOR, ()),
        (RECORD, UNSUITED, GOOD, (CLOSE, *CLEAR)),
        (RECORD, Seen(port=PORT), NO_DOOR, (*NEW, OPEN, STEER)),
        (RECORD, Seen(port=PORT), GOOD, (CLOSE, *NEW, OPEN, STEER)),
        (RECORD, UNSTEERED, NO_DOOR, (*RENEWED, OPEN, STEER)),
        (RECORD, UNSTEERED, GOOD, (*RENEWED, STEER)),
        (RECORD, UNSTEERED, OLD, (*RENEWED, REFRESH, STEER)),
        (RECORD, WIRED, WITH_PASSWORD, (REFRESH,)),
        (RECORD, UNSTEERED, OTHERS, (CLOSE, *RENEWED, OPEN, STEER)),
        (RECORD, WIRED, NO_DOOR, (OPEN,)),
        (RECORD, WIRED, GOOD, ()),
        (RECORD, WIRED, OLD, (REFRESH,)),
        (RECORD, WIRED, OTHERS, (CLOSE, OPEN)),
    ],
)
def test_plan(
    record: Record | None, seen: Seen, door: OpenedDoor | None, actions: tuple[Action, ...]
) -> None:
    """The actions are those of the note, in its order; where all is well there are none."""
    assert actions == plan(TAP, record, seen, door)
