"""The real network: the kernel of this host."""

import contextlib
import errno
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial, singledispatchmethod

from attrs import evolve
from zope.interface import implementer

from netns import (
    copies,
    filters,
    inside,
    iptables,
    links,
    namespaces,
    nftables,
    rtnetlink,
    rules,
    steps,
    sysctls,
)
from netns.errors import NoSuchInterfaceError
from netns.interfaces import INetwork, IWatch
from netns.kinds import objection
from netns.links import HostLink
from netns.names import NAMESPACE_PREFIX, interface_of, link_of, namespace_of
from netns.needs import NEEDS
from netns.netlink import NETLINK_NETFILTER, NETLINK_ROUTE, Netlink, NetlinkError, is_absent
from netns.refusals import doing
from netns.rules import Rules
from netns.watch import KernelWatch
from netns.wiring import SERVICE_PORT, STAND_IN_MAC, Knocks, Link, Neighbour, Port, Presence, Seen, Steering

BACKLOG = 1024
"""Connections that wait for a server; while one is started again, guests wait here."""


@implementer(INetwork)
class LinuxNetwork:
    """The network namespace of the thread that makes it; calls must come one at a time.

    Its two sockets stay open: to close one that nftables was told something through waits for an RCU grace
    period, 17 ms. Source: nft_rcv_nl_event() in net/netfilter/nf_tables_api.c.
    """

    def __init__(self, knocks: Knocks = Knocks()) -> None:  # noqa: B008 - a frozen value
        """Take how often guests may knock in each namespace."""
        self._knocks = knocks
        self._route = Netlink(NETLINK_ROUTE)
        self._netfilter = Netlink(NETLINK_NETFILTER)
        self._rules: Rules | None = None
        self._copy: copies.Copy | None = None

    def close(self) -> None:
        """Close the sockets; what is wired stays wired."""
        self._route.close()
        self._netfilter.close()

    def check(self) -> None:
        """See `INetwork.check`."""
        for need in NEEDS.values():
            need()

    def port(self, interface: str) -> Port | None:
        """See `INetwork.port`."""
        return _port(links.find(self._route, interface))

    def see(self, interface: str) -> Seen:
        """See `INetwork.see`."""
        return _seen(
            interface,
            links.find(self._route, interface),
            links.find(self._route, link_of(interface)),
            nftables.find(self._netfilter, interface),
        )

    def survey(self, interfaces: Collection[str]) -> Mapping[str, Seen]:
        """See `INetwork.survey`."""
        steered = dict(nftables.find_all(self._netfilter))
        named = (interface_of(name) for name in namespaces.names(NAMESPACE_PREFIX))
        ours = {*interfaces, *steered, *(each for each in named if each)}
        found = links.find_all(self._route, {*ours, *map(link_of, ours)})
        return {
            each: _seen(each, found.get(each), found.get(link_of(each)), steered.get(each)) for each in ours
        }

    def inspect(self, interface: str) -> Seen:
        """See `INetwork.inspect`."""
        seen = self.see(interface)
        if seen.namespace is not Presence.PRESENT or seen.link is None:
            return seen
        look = partial(inside.look, seen.link, self._differing_rules)
        with doing("look into the namespace", interface):
            return evolve(seen, inside=namespaces.enter(namespace_of(interface), look))

    def neighbours(self, interface: str) -> Sequence[Neighbour]:
        """See `INetwork.neighbours`."""
        with doing("look for neighbours", interface):
            found = namespaces.enter(namespace_of(interface), _neighbours)
        return [each for each in found if not each.mac.startswith(STAND_IN_MAC)]

    def apply(self, step: steps.Step) -> None:
        """See `INetwork.apply`."""
        self._apply(step)

    @singledispatchmethod
    def _apply(self, step: steps.Step) -> None:
        raise NotImplementedError(step)

    @_apply.register
    def _(self, step: steps.AddNamespace) -> None:
        with doing("make the namespace", step.interface):
            namespaces.create(namespace_of(step.interface), self._add_rules_and_sysctls)

    @_apply.register
    def _(self, step: steps.Renew) -> None:
        with doing("renew the namespace", step.interface):
            namespaces.enter(namespace_of(step.interface), self._renew_rules_and_sysctls)

    @_apply.register
    def _(self, step: steps.AddLink) -> None:
        name = link_of(step.interface)
        with (
            doing("make the link", step.interface),
            namespaces.opened(namespace_of(step.interface)) as descriptor,
        ):
            self._route.transact([links.addition(name, step.mtu, descriptor)])
            sysctls.silence(name)

    @_apply.register
    def _(self, step: steps.Furnish) -> None:
        name = link_of(step.interface)
        with doing("set up the link", step.interface):
            sysctls.silence(name)
            settings = rtnetlink.mtu(step.mtu), rtnetlink.alias(f"eve-meta: {step.interface}")
            self._route.transact([rtnetlink.set_up(name, *settings)])
            namespaces.enter(namespace_of(step.interface), lambda: _furnish_inside(step.mtu))

    @_apply.register
    def _(self, step: steps.Steer) -> None:
        with doing("steer the frames", step.interface):
            port = links.find(self._route, step.interface)
            if port is None:
                raise NoSuchInterfaceError(step.interface)
            link = links.find(self._route, link_of(step.interface))
            if link is None:
                raise NetlinkError(errno.ENODEV, detail=f"{link_of(step.interface)} is gone")
            self._steer(step.interface, Steering(port.index, link.index))

    @_apply.register
    def _(self, step: steps.Unsteer) -> None:
        with doing("stop steering the frames", step.interface), _gone_is_fine():
            self._netfilter.transact(nftables.removal(step.interface))

    @_apply.register
    def _(self, step: steps.RemoveLink) -> None:
        with doing("remove the link", step.interface), _gone_is_fine():
            self._route.transact([rtnetlink.delete_link(link_of(step.interface))])

    @_apply.register
    def _(self, step: steps.RemoveNamespace) -> None:
        with doing("remove the namespace", step.interface):
            namespaces.remove(namespace_of(step.interface))

    def _steer(self, interface: str, steering: Steering) -> None:
        """Try without asking first whether there is a table: that goes through all of the host's."""
        try:
            self._netfilter.transact(nftables.addition(interface, steering))
        except NetlinkError as error:
            if error.code != errno.EEXIST:
                raise
            self._netfilter.transact(nftables.replacement(interface, steering))

    def listen(self, interface: str) -> socket.socket:
        """See `INetwork.listen`."""
        with doing("listen in the namespace", interface):
            return namespaces.enter(namespace_of(interface), _listen)

    def listen_in_all(self, interfaces: Collection[str]) -> Mapping[str, socket.socket]:
        """See `INetwork.listen_in_all`."""
        of = {namespace_of(each): each for each in interfaces}
        return {of[name]: each for name, each in namespaces.enter_each(of, _listen).items()}

    def is_of(self, interface: str, listening: socket.socket) -> bool:
        """See `INetwork.is_of`."""
        return namespaces.holds(namespace_of(interface), listening)

    def ignore_newcomers(self, listening: socket.socket) -> None:
        """See `INetwork.ignore_newcomers`."""
        filters.ignore_newcomers(listening)

    def watch(self) -> IWatch:
        """See `INetwork.watch`."""
        return KernelWatch()

    def _differing_rules(self) -> tuple[str, ...]:
        """Compare with what the programs make: how they write a rule depends on their version."""
        found = rules.read()
        if self._rules is None or found.differing(self._rules):
            self._rules = namespaces.scratch(self._rules_as_made)
        return found.differing(self._rules)

    def _add_rules_and_sysctls(self) -> None:
        if self._copy is None:
            self._copy = self._copy_as_made()
        if self._copy:
            copies.put(self._copy)
            sysctls.write()
        else:
            with iptables.adding(self._knocks):
                sysctls.write()

    def _copy_as_made(self) -> copies.Copy:
        """A copy of what the programs make, if it is all of that and makes the same; else an empty one."""

        def made() -> tuple[Rules, copies.Copy]:
            return self._rules_as_made(), copies.taken()

        def copied() -> tuple[Rules, copies.Copy]:
            copies.put(copy)
            return rules.read(), copies.taken()

        wanted = namespaces.scratch(made)
        copy = wanted[1]
        try:
            return copy if copy and namespaces.scratch(copied) == wanted else ()
        except NetlinkError:
            return ()

    def _renew_rules_and_sysctls(self) -> None:
        iptables.replace(self._knocks)
        sysctls.write()

    def _rules_as_made(self) -> Rules:
        with iptables.adding(self._knocks):
            pass
        return rules.read()


def _port(found: HostLink | None) -> Port | None:
    return Port(found.index, found.mtu, objection(found)) if found else None


def _seen(interface: str, port: HostLink | None, link: HostLink | None, steering: Steering | None) -> Seen:
    return Seen(
        port=_port(port),
        namespace=namespaces.presence(namespace_of(interface)),
        link=Link(link.index, link.mtu, link.is_up) if link else None,
        steering=steering,
    )


def _furnish_inside(mtu: int) -> None:
    with Netlink(NETLINK_ROUTE) as route:
        route.transact(links.furnishing(route, mtu))


def _neighbours() -> Sequence[Neighbour]:
    with Netlink(NETLINK_ROUTE) as route:
        return tuple(links.neighbours(route))


def _listen() -> socket.socket:
    """As `socket.create_server` does it, which makes another to see whether it can serve both families."""
    listening = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(("", SERVICE_PORT))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        if not is_absent(error):
            raise
