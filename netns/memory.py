"""A network in memory: what the kernel refuses, forgets and announces, without one. For tests.

It is held to the same contract as the kernel, by the same tests.
"""

import contextlib
import errno
import itertools
import os
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import singledispatchmethod

from attrs import evolve
from zope.interface import implementer

from netns import filters, steps
from netns.errors import KernelRefusedError, NetnsError, NoSuchInterfaceError
from netns.interfaces import Changes, INetwork, IWatch
from netns.names import link_of
from netns.wiring import METADATA_IPV6, STAND_IN_MAC, Inside, Link, Neighbour, Port, Presence, Seen, Steering

_ANY_FREE_PORT = 0


@implementer(IWatch)
class MemoryWatch:
    """The announcements since the last read."""

    def __init__(self, on_close: "Callable[[MemoryWatch], None]") -> None:
        self._on_close = on_close
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._names: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._is_complete = True

    def announce(self, name: str) -> None:
        """Tell of a link that came, went or changed."""
        self._names.add(name)
        os.eventfd_write(self._event, 1)

    def announce_renamed(self, name: str, new: str) -> None:
        """Tell of a link that has another name."""
        self._renamed[name] = new
        self.announce(name)
        self.announce(new)

    def overflow(self) -> None:
        """Lose what was not read, as the kernel does when the buffer is full."""
        self._names.clear()
        self._renamed.clear()
        self._is_complete = False
        os.eventfd_write(self._event, 1)

    def fileno(self) -> int:
        """See `IWatch.fileno`."""
        return self._event

    def read(self) -> Changes:
        """See `IWatch.read`."""
        changes = Changes(frozenset(self._names), self._is_complete, dict(self._renamed))
        if changes != Changes(frozenset()):
            os.eventfd_read(self._event)
        self._names.clear()
        self._renamed.clear()
        self._is_complete = True
        return changes

    def close(self) -> None:
        """See `IWatch.close`."""
        self._on_close(self)
        os.close(self._event)


@implementer(INetwork)
class MemoryNetwork:
    """A host whose VMs come and go as a test says. A listening socket is a real one, on any free port.

    Attributes:
        refusals: what the kernel refuses at present: the error that a step raises, changing nothing.
        applied: the steps that have changed something or could have, in order.
        spoiled: the interfaces whose namespaces somebody damages again as soon as they are put right.
    """

    def __init__(self) -> None:
        self.refusals: dict[steps.Step, NetnsError] = {}
        self.applied: list[steps.Step] = []
        self.spoiled: set[str] = set()
        self._ports: dict[str, Port] = {}
        self._namespaces: dict[str, Presence] = {}
        self._links: dict[str, Link] = {}
        self._steerings: dict[str, Steering] = {}
        self._service_ports: dict[str, int] = {}
        self._damage: dict[str, dict[str, type[steps.Step]]] = {}
        self._severed: set[str] = set()
        self._neighbours: dict[str, list[Neighbour]] = {}
        self._indices = itertools.count(1)
        self._watches: list[MemoryWatch] = []

    def add_port(self, name: str, mtu: int = 1500, objection: str | None = None) -> None:
        """Let a VM's port come, or another one of that name."""
        self._ports[name] = Port(next(self._indices), mtu, objection)
        self._announce(name)

    def remove_port(self, name: str) -> None:
        """Let a VM's port go."""
        del self._ports[name]
        self._announce(name)

    def set_mtu(self, name: str, mtu: int) -> None:
        """Give a port another MTU."""
        self._ports[name] = evolve(self._ports[name], mtu=mtu)
        self._announce(name)

    def rename_port(self, name: str, new: str) -> None:
        """Give a port another name."""
        self._ports[new] = self._ports.pop(name)
        for each in self._watches:
            each.announce_renamed(name, new)

    def lose_namespace(self, interface: str) -> None:
        """Take the name of a namespace away, as `ip netns del` does; what stands in it goes on."""
        del self._namespaces[interface]
        self._service_ports.pop(interface, None)
        self._announce(interface)

    def break_namespace(self, interface: str) -> None:
        """Leave the file of a namespace without one, as a crash does."""
        self._namespaces[interface] = Presence.BROKEN

    def lose_address(self, interface: str) -> None:
        """Take an address away, inside a namespace."""
        self._lose(interface, f"the address {METADATA_IPV6[1]}", steps.Furnish)
        self._announce(link_of(interface))

    def lose_rules(self, interface: str) -> None:
        """Take the redirect away, inside a namespace."""
        self._lose(interface, "the rules of ip nat PREROUTING", steps.Renew)
        self._announce(link_of(interface))

    def lose_sysctl(self, interface: str) -> None:
        """Set a sysctl to something else, inside a namespace; nobody announces that."""
        self._lose(interface, "the sysctl ipv4/conf/all/arp_ignore", steps.Renew)

    def sever(self, interface: str) -> None:
        """Give the inner link another name, inside a namespace."""
        self._severed.add(interface)
        self._announce(link_of(interface))

    def hear(self, interface: str, neighbour: Neighbour) -> None:
        """Let somebody behind an interface show himself."""
        self._neighbours.setdefault(interface, []).append(neighbour)

    def lower_link(self, interface: str) -> None:
        """Set the host's end of the link down."""
        self._links[interface] = evolve(self._links[interface], is_up=False)
        self._announce(link_of(interface))

    def lose_steering(self, interface: str) -> None:
        """Take a table away, as `nft flush ruleset` does."""
        del self._steerings[interface]
        self._announce(interface)

    def overflow(self) -> None:
        """Let all watches lose what they have not been asked for."""
        for each in self._watches:
            each.overflow()

    def check(self) -> None:
        """Memory has all that wiring needs."""

    def port(self, interface: str) -> Port | None:
        """See `INetwork.port`."""
        return self._ports.get(interface)

    def see(self, interface: str) -> Seen:
        """See `INetwork.see`."""
        return Seen(
            port=self._ports.get(interface),
            namespace=self._namespaces.get(interface, Presence.ABSENT),
            link=self._links.get(interface),
            steering=self._steerings.get(interface),
        )

    def inspect(self, interface: str) -> Seen:
        """See `INetwork.inspect`."""
        seen = self.see(interface)
        if seen.namespace is not Presence.PRESENT or seen.link is None:
            return seen
        if interface in self._severed:
            return evolve(seen, inside=Inside(("the link eth0",), is_severed=True))
        return evolve(seen, inside=Inside(tuple(self._damage.get(interface, ()))))

    def neighbours(self, interface: str) -> Sequence[Neighbour]:
        """See `INetwork.neighbours`."""
        if interface not in self._service_ports:
            raise KernelRefusedError(f"look for neighbours in the namespace of {interface}", errno.ENOENT)
        found = self._neighbours.get(interface, ())
        return [each for each in found if not each.mac.startswith(STAND_IN_MAC)]

    def survey(self, interfaces: Collection[str]) -> Mapping[str, Seen]:
        """See `INetwork.survey`."""
        return {each: self.see(each) for each in {*interfaces, *self._namespaces, *self._steerings}}

    def apply(self, step: steps.Step) -> None:
        """See `INetwork.apply`."""
        if error := self.refusals.get(step):
            raise error
        self._apply(step)
        self.applied.append(step)

    @singledispatchmethod
    def _apply(self, step: steps.Step) -> None:
        raise NotImplementedError(step)

    @_apply.register
    def _(self, step: steps.AddNamespace) -> None:
        if self._namespaces.get(step.interface) is Presence.PRESENT:
            raise _refused(step, errno.EEXIST)
        self._namespaces[step.interface] = Presence.PRESENT
        self._damage.pop(step.interface, None)
        self._service_ports[step.interface] = _ANY_FREE_PORT

    @_apply.register
    def _(self, step: steps.Renew) -> None:
        self._need_namespace(step)
        self._make_good(step)

    @_apply.register
    def _(self, step: steps.AddLink) -> None:
        self._need_namespace(step)
        if step.interface in self._links:
            raise _refused(step, errno.EEXIST)
        self._severed.discard(step.interface)
        self._links[step.interface] = Link(next(self._indices), step.mtu, is_up=False)
        self._announce(link_of(step.interface))

    @_apply.register
    def _(self, step: steps.Furnish) -> None:
        self._need_namespace(step)
        link = self._links.get(step.interface)
        if link is None:
            raise _refused(step, errno.ENOENT)
        if step.interface in self._severed:
            raise _refused(step, errno.ENODEV)
        self._links[step.interface] = evolve(link, mtu=step.mtu, is_up=True)
        self._make_good(step)
        self._announce(link_of(step.interface))

    @_apply.register
    def _(self, step: steps.Steer) -> None:
        port, link = self._ports.get(step.interface), self._links.get(step.interface)
        if port is None:
            raise NoSuchInterfaceError(step.interface)
        if link is None:
            raise _refused(step, errno.ENODEV)
        self._steerings[step.interface] = Steering(port.index, link.index)

    @_apply.register
    def _(self, step: steps.Unsteer) -> None:
        self._steerings.pop(step.interface, None)

    @_apply.register
    def _(self, step: steps.RemoveLink) -> None:
        if self._links.pop(step.interface, None):
            self._announce(link_of(step.interface))

    @_apply.register
    def _(self, step: steps.RemoveNamespace) -> None:
        self._neighbours.pop(step.interface, None)
        self._namespaces.pop(step.interface, None)
        self._service_ports.pop(step.interface, None)

    def listen(self, interface: str) -> socket.socket:
        """See `INetwork.listen`."""
        action = f"listen in the namespace of {interface}"
        if interface not in self._service_ports:
            raise KernelRefusedError(action, errno.ENOENT)
        address = ("", self._service_ports[interface])
        try:
            listening = socket.create_server(address, family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            raise KernelRefusedError(action, error.errno or 0) from error
        self._service_ports[interface] = listening.getsockname()[1]
        return listening

    def listen_in_all(self, interfaces: Collection[str]) -> Mapping[str, socket.socket]:
        """See `INetwork.listen_in_all`."""
        listening = {}
        for each in interfaces:
            with contextlib.suppress(KernelRefusedError):
                listening[each] = self.listen(each)
        return listening

    def is_of(self, interface: str, listening: socket.socket) -> bool:
        """See `INetwork.is_of`."""
        port: int = listening.getsockname()[1]
        return self._service_ports.get(interface) == port

    def ignore_newcomers(self, listening: socket.socket) -> None:
        """See `INetwork.ignore_newcomers`."""
        filters.ignore_newcomers(listening)

    def watch(self) -> IWatch:
        """See `INetwork.watch`."""
        self._watches.append(MemoryWatch(self._watches.remove))
        return self._watches[-1]

    def _announce(self, name: str) -> None:
        for each in self._watches:
            each.announce(name)

    def _lose(self, interface: str, what: str, restored_by: type[steps.Step]) -> None:
        self._damage.setdefault(interface, {})[what] = restored_by

    def _make_good(self, step: steps.Step) -> None:
        damage = self._damage.pop(step.interface, {})
        left = {what: by for what, by in damage.items() if not isinstance(step, by)}
        self._damage[step.interface] = damage if step.interface in self.spoiled else left

    def _need_namespace(self, step: steps.Step) -> None:
        if self._namespaces.get(step.interface) is not Presence.PRESENT:
            raise _refused(step, errno.ENOENT)


def _refused(step: steps.Step, code: int) -> KernelRefusedError:
    return KernelRefusedError(f"apply {step}", code)
