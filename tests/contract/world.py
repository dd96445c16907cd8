"""A network and what happens to it, and what the contract's tests do with it again and again."""

import select
from typing import Protocol

import pytest

from netns import Changes, INetwork, KernelRefusedError, Neighbour, Seen, build, clear, connect, steps
from netns.interfaces import IWatch
from tests.support import soon

TAP = "tap0"
OTHER = "tap1"


class World(Protocol):
    """A network, and what happens to it that is not its own doing."""

    network: INetwork

    def add_port(self, name: str, mtu: int = 1500) -> None:
        """Let a VM's port come."""

    def add_bridge(self, name: str) -> None:
        """Let a bridge come."""

    def remove_port(self, name: str) -> None:
        """Let a VM's port go."""

    def set_mtu(self, name: str, mtu: int) -> None:
        """Give a port another MTU."""

    def rename_port(self, name: str, new: str) -> None:
        """Give a port another name."""

    def lose_address(self, interface: str) -> None:
        """Take fd00:ec2::254 away, inside a namespace."""

    def lose_rules(self, interface: str) -> None:
        """Take the IPv4 redirect away, inside a namespace."""

    def lose_sysctl(self, interface: str) -> None:
        """Set arp_ignore of all links to something else, inside a namespace."""

    def sever(self, interface: str) -> None:
        """Give the inner link another name, inside a namespace."""

    def hear(self, interface: str, neighbour: Neighbour) -> None:
        """Let somebody behind an interface show himself, some seconds ago at the most."""

    def lower_link(self, interface: str) -> None:
        """Set the host's end of the link down."""

    def lose_namespace(self, interface: str) -> None:
        """Take the name of a namespace away."""

    def break_namespace(self, interface: str) -> None:
        """Leave the file of a namespace without one."""

    def lose_steering(self, interface: str) -> None:
        """Take an interface's table away."""


def wire(network: INetwork, interface: str) -> None:
    """Join an interface to its namespace, whatever is there of it."""
    wire_as_seen(network, interface, network.see(interface))


def wire_as_seen(network: INetwork, interface: str, seen: Seen) -> None:
    """Join an interface to its namespace, by what was seen of it."""
    assert seen.port
    for step in (*build(interface, seen.port, seen), *connect(interface, seen)):
        network.apply(step)


def clean(network: INetwork, interface: str) -> None:
    """Leave nothing of ours."""
    for step in clear(interface, network.see(interface)):
        network.apply(step)


def applied_up_to(network: INetwork, last: type[steps.Step]) -> None:
    """Take the steps of a new wiring, up to and with one kind."""
    for step in (
        steps.AddNamespace(TAP),
        steps.AddLink(TAP, 1500),
        steps.Furnish(TAP, 1500),
        steps.Steer(TAP),
    ):
        network.apply(step)
        if isinstance(step, last):
            break


def refused(network: INetwork, step: steps.Step) -> int:
    """The errno of a step that is refused, which must change nothing."""
    before = network.see(step.interface)
    with pytest.raises(KernelRefusedError) as caught:
        network.apply(step)
    assert before == network.see(step.interface)
    return caught.value.code


def read(watch: IWatch) -> Changes:
    """What a watch tells, soon."""
    readable, _, _ = select.select([watch], [], [], 5)
    assert readable
    return watch.read()


def announced(watch: IWatch, *names: str) -> bool:
    """Whether a watch tells of links, soon and without being asked before it is readable."""
    seen: set[str] = set()

    def all_seen() -> bool:
        readable, _, _ = select.select([watch], [], [], 0.1)
        if readable:
            seen.update(watch.read().names)
        return seen >= set(names)

    return soon(all_seen)
