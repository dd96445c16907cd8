"""The listening sockets of all doors: made in a namespace, or found where an earlier agent has left them.

Note [Who keeps a socket]
    A guest that knocks is refused by nobody as long as its socket is open in some process: it waits in the
    backlog. Servers come and go, the agent holds a copy. Agents come and go, too: a supervisor that keeps
    descriptors holds another, and an agent that replaces itself hands its own on. What is found at the start
    is used if it is of the namespace that its interface has by then, and let go of otherwise: a socket keeps
    its namespace alive.
"""

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import final

from eve_meta.agent.kernel import Kernel
from eve_meta.agent.supervisor import CONTROL, Supervisor
from netns import link_of


@final
class Sockets:
    """Where a door gets its socket, and who closes it. Its name is that of the interface's link, in ASCII."""

    def __init__(self, kernel: Kernel, supervisor: Supervisor) -> None:
        self._kernel = kernel
        self._supervisor = supervisor
        self._sockets = {name: each for name, each in supervisor.sockets.items() if name != CONTROL}

    def let_go_of_all_but(self, interfaces: Iterable[str]) -> None:
        """Keep nothing for other interfaces."""
        for name in self._sockets.keys() - set(map(link_of, interfaces)):
            self._let_go(name)

    async def prepare(self, interfaces: Iterable[str]) -> dict[str, socket.socket]:
        """The listening sockets of all interfaces that have a namespace, made at once; they stay ours."""
        found = {each: self._found(each) for each in interfaces}
        made = await self._kernel.listen_in_all([name for name, each in found.items() if each is None])
        for interface, each in made.items():
            self._keep(interface, each)
        return {name: each for name, each in {**found, **made}.items() if each}

    async def listening(self, interface: str) -> socket.socket:
        """The listening socket in the interface's namespace, which stays ours.

        Raises:
            NetnsError: the kernel refused.
        """
        found = self._found(interface)
        if found is None:
            found = await self._kernel.listen(interface)
            self._keep(interface, found)
        return found

    def let_go(self, interface: str) -> None:
        """Close what an interface has, and have nobody keep it."""
        self._let_go(link_of(interface))

    def ignore_newcomers(self) -> None:
        """Have guests repeat their SYN: who gets in just when a server shuts its door would be reset."""
        for each in self._sockets.values():
            with suppress(OSError):
                self._kernel.network.ignore_newcomers(each)

    def close(self) -> None:
        """Close all; who keeps a copy goes on keeping it."""
        for each in self._sockets.values():
            each.close()

    def copies(self) -> dict[str, int]:
        """A descriptor of each, by its name, which the caller closes.

        Not a `socket.dup()`, which would have all who share the socket block.
        """
        return {name: os.dup(each.fileno()) for name, each in self._sockets.items()}

    def _found(self, interface: str) -> socket.socket | None:
        """What an interface has, unless it is of a namespace that it no longer has."""
        found = self._sockets.get(link_of(interface))
        if found is None or self._kernel.network.is_of(interface, found):
            return found
        self._let_go(link_of(interface))
        return None

    def _keep(self, interface: str, made: socket.socket) -> None:
        name = link_of(interface)
        self._sockets[name] = made
        if self._supervisor.keeps_descriptors:
            self._supervisor.notifier.tell_with([made.fileno()], FDSTORE="1", FDNAME=name)

    def _let_go(self, name: str) -> None:
        found = self._sockets.pop(name, None)
        if found is None:
            return
        found.close()
        if self._supervisor.keeps_descriptors:
            self._supervisor.notifier.tell(FDSTOREREMOVE="1", FDNAME=name)
