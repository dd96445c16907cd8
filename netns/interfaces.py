"""What this package offers: a network to look at, to change, to listen in and to be woken by."""

import socket
from collections.abc import Collection, Mapping, Sequence

from attrs import field, frozen
from zope.interface import Interface

from netns.steps import Step
from netns.wiring import Neighbour, Port, Seen


@frozen
class Changes:
    """What has changed since the last look.

    Attributes:
        names: interfaces that came, went or changed, or that lost their table or their namespace's name;
            links of ours that came, went or changed, or in whose namespaces something did.
        is_complete: False when the kernel had to drop some: then look at everything.
        renamed: what was renamed, by its name before; both names are among the others.
    """

    names: frozenset[str]
    is_complete: bool = True
    renamed: Mapping[str, str] = field(factory=dict)


class IWatch(Interface):
    """A stream of changes that an event loop can wait for."""

    def fileno() -> int:
        """A descriptor that is readable when there is something to read."""

    def read() -> Changes:
        """The changes so far; never blocks."""

    def close() -> None:
        """End the stream."""


class INetwork(Interface):
    """The host's network, as far as it concerns us. Every call blocks; none takes more than milliseconds."""

    def check() -> None:
        """See that the host has all that wiring needs.

        Raises:
            MissingError: the first thing that is not there, and what to do.
        """

    def port(interface: str) -> Port | None:
        """The VM's port of this name; None if there is none."""

    def see(interface: str) -> Seen:
        """What the kernel has for one interface."""

    def inspect(interface: str) -> Seen:
        """The same, and what of it is not as it should be inside the namespace.

        Raises:
            KernelRefusedError: it did not tell.
        """

    def survey(interfaces: Collection[str]) -> Mapping[str, Seen]:
        """The same for many at once, and for every other of which something of ours is left."""

    def neighbours(interface: str) -> Sequence[Neighbour]:
        """Who of those behind an interface has shown himself there, by ARP or neighbour discovery.

        It is what they say, and a guest can say much: at most some thousand. The stand-ins of operators are
        left out.

        Raises:
            KernelRefusedError: there is no such namespace.
        """

    def apply(step: Step) -> None:
        """Make one change.

        Raises:
            NoSuchInterfaceError: the port is gone.
            KernelRefusedError: anything else.
        """

    def listen(interface: str) -> socket.socket:
        """A listening TCP socket in the interface's namespace, of both families, on the service's port.

        Raises:
            KernelRefusedError: there is no such namespace, or its port is taken.
        """

    def listen_in_all(interfaces: Collection[str]) -> Mapping[str, socket.socket]:
        """The same for many at once; those for which `listen` would raise are left out."""

    def is_of(interface: str, listening: socket.socket) -> bool:
        """Whether a socket that listens is of the namespace that the interface has by now; does not block."""

    def ignore_newcomers(listening: socket.socket) -> None:
        """Let in those alone that have begun to connect; others go on trying. Does not block.

        Raises:
            OSError: the kernel refused.
        """

    def watch() -> IWatch:
        """Start to collect changes."""
