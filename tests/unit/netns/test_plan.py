"""Whatever has happened to an interface, the planned steps wire or clear it."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netns import NetnsError, Port, Seen, build, clear, connect
from netns.memory import MemoryNetwork
from netns.steps import (
    AddLink,
    AddNamespace,
    Furnish,
    RemoveLink,
    RemoveNamespace,
    Renew,
    Steer,
    Step,
    Unsteer,
)
from netns.wiring import Inside, Link, Presence, Steering

TAP = "tap0"
PORT = Port(index=7, mtu=1500)
LINK = Link(index=8, mtu=1500)
DOWN = Link(index=8, mtu=1500, is_up=False)
HERE = Presence.PRESENT
WIDE = Port(index=7, mtu=9000)
DAMAGED = Inside(("an address",))
SEVERED = Inside(("the link",), is_severed=True)

STEPS = st.sampled_from(
    [
        AddNamespace(TAP),
        Renew(TAP),
        AddLink(TAP, 1500),
        Furnish(TAP, 1500),
        Steer(TAP),
        Unsteer(TAP),
        RemoveLink(TAP),
        RemoveNamespace(TAP),
    ]
)
EVENTS = st.sampled_from(
    [
        MemoryNetwork.lose_namespace,
        MemoryNetwork.break_namespace,
        MemoryNetwork.lose_steering,
        MemoryNetwork.lose_address,
        MemoryNetwork.lose_rules,
        MemoryNetwork.lose_sysctl,
        MemoryNetwork.sever,
        MemoryNetwork.add_port,
        MemoryNetwork.remove_port,
    ]
)
HISTORIES = st.lists(STEPS | EVENTS, max_size=12)
History = Sequence[Step | Callable[[MemoryNetwork, str], None]]


def lived(history: History) -> MemoryNetwork:
    """A network that a port came to, and then whatever could happen of a history."""
    network = MemoryNetwork()
    network.add_port(TAP)
    for each in history:
        try:
            if callable(each):
                each(network, TAP)
            else:
                network.apply(each)
        except (NetnsError, KeyError):
            continue
    return network


def wire(network: MemoryNetwork, steps_left: int | None = None) -> None:
    """Take the planned steps, all or the first few."""
    seen = network.inspect(TAP)
    assert seen.port
    for step in planned(seen.port, seen)[:steps_left]:
        network.apply(step)


def planned(port: Port, seen: Seen) -> tuple[Step, ...]:
    """The steps that wire an interface."""
    return (*build(TAP, port, seen), *connect(TAP, seen))


@given(HISTORIES)
def test_wired(history: History) -> None:
    """After any history an interface is wired by the plan, and then there is nothing more to do."""
    network = lived(history)
    network.add_port(TAP, 1400)
    wire(network)
    seen = network.inspect(TAP)

    assert seen.is_wired
    assert seen.port
    assert () == planned(seen.port, seen)


@given(HISTORIES)
def test_clear(history: History) -> None:
    """After any history nothing of ours is left by the plan, and then there is nothing more to do."""
    network = lived(history)
    for step in clear(TAP, network.inspect(TAP)):
        network.apply(step)

    assert network.inspect(TAP).is_clear
    assert () == clear(TAP, network.inspect(TAP))


@given(HISTORIES, st.integers(0, 5))
def test_interrupted(history: History, count: int) -> None:
    """A plan that was broken off after any step is finished by the next."""
    network = lived(history)
    network.add_port(TAP)
    wire(network, count)
    wire(network)

    assert network.inspect(TAP).is_wired


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        (Seen(port=PORT), [AddNamespace, AddLink, Furnish, Steer]),
        (Seen(port=PORT, namespace=Presence.BROKEN), [AddNamespace, AddLink, Furnish, Steer]),
        (Seen(port=PORT, link=LINK), [RemoveLink, AddNamespace, AddLink, Furnish, Steer]),
        (Seen(port=PORT, namespace=HERE), [Renew, AddLink, Furnish, Steer]),
        (Seen(port=PORT, namespace=HERE, link=LINK), [Renew, Furnish, Steer]),
        (Seen(port=PORT, namespace=HERE, link=LINK, steering=Steering(6, 8)), [Renew, Furnish, Steer]),
        (Seen(port=PORT, namespace=HERE, link=LINK, steering=Steering(7, 8)), []),
        (Seen(port=WIDE, namespace=HERE, link=LINK, steering=Steering(7, 8)), [Furnish]),
        (Seen(port=PORT, namespace=HERE, link=DOWN, steering=Steering(7, 8)), [Furnish]),
        (Seen(port=PORT, namespace=HERE, link=LINK, inside=Inside()), [Steer]),
        (Seen(port=WIDE, namespace=HERE, link=LINK, inside=Inside()), [Furnish, Steer]),
        (Seen(port=PORT, namespace=HERE, link=LINK, inside=DAMAGED), [Renew, Furnish, Steer]),
        (
            Seen(port=PORT, namespace=HERE, link=LINK, inside=DAMAGED, steering=Steering(7, 8)),
            [Renew, Furnish],
        ),
        (
            Seen(port=PORT, namespace=HERE, link=LINK, inside=SEVERED, steering=Steering(7, 8)),
            [Renew, RemoveLink, AddLink, Furnish, Steer],
        ),
        (
            Seen(port=PORT, link=LINK, steering=Steering(7, 8)),
            [RemoveLink, AddNamespace, AddLink, Furnish, Steer],
        ),
    ],
)
def test_steps(seen: Seen, kinds: list[type[Step]]) -> None:
    """The steps for each state, in the order of the note: steering comes last."""
    assert seen.port
    assert kinds == [type(each) for each in planned(seen.port, seen)]


def test_removal() -> None:
    """What is cleared goes in the reverse order."""
    seen = Seen(namespace=HERE, link=LINK, steering=Steering(7, 8))

    assert (Unsteer(TAP), RemoveLink(TAP), RemoveNamespace(TAP)) == clear(TAP, seen)
