"""The network's blocking calls, awaited: made one at a time, off the reactor's thread."""

import socket
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, cast, final

from attrs import frozen
from twisted.application.service import IService, Service
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import Attribute, implementer

from netns import INetwork, Neighbour, Port, Seen, Step

Call = Callable[..., Awaitable[Any]]
"""Makes a blocking call: `await call(function, *arguments)`."""


class IKernelThread(IService):
    """Where blocking calls are made, while it runs."""

    call: Call = Attribute("Makes one; they are made in the order in which they were asked for.")


@final
@implementer(IKernelThread)
class KernelThread(Service):
    """The one thread that blocks."""

    def __init__(self, reactor: Any) -> None:
        self._pool = ThreadPool(minthreads=1, maxthreads=1, name="network")
        self.call: Call = partial(deferToThreadPool, reactor, self._pool)

    def startService(self) -> None:
        """Start the thread."""
        super().startService()
        self._pool.start()

    def stopService(self) -> None:
        """End the thread."""
        super().stopService()
        self._pool.stop()


@frozen
class Kernel:
    """An `INetwork` whose methods are awaited.

    Attributes:
        network: the network itself, for what does not block.
        thread: where calls are made.
    """

    network: INetwork
    thread: IKernelThread

    async def port(self, interface: str) -> Port | None:
        """See `INetwork.port`."""
        return cast("Port | None", await self.thread.call(self.network.port, interface))

    async def see(self, interface: str) -> Seen:
        """See `INetwork.see`."""
        return cast("Seen", await self.thread.call(self.network.see, interface))

    async def inspect(self, interface: str) -> Seen:
        """See `INetwork.inspect`."""
        return cast("Seen", await self.thread.call(self.network.inspect, interface))

    async def survey(self, interfaces: Collection[str]) -> Mapping[str, Seen]:
        """See `INetwork.survey`."""
        return cast("Mapping[str, Seen]", await self.thread.call(self.network.survey, interfaces))

    async def neighbours(self, interface: str) -> Sequence[Neighbour]:
        """See `INetwork.neighbours`."""
        return cast("Sequence[Neighbour]", await self.thread.call(self.network.neighbours, interface))

    async def apply(self, step: Step) -> None:
        """See `INetwork.apply`."""
        await self.thread.call(self.network.apply, step)

    async def listen(self, interface: str) -> socket.socket:
        """See `INetwork.listen`."""
        return cast("socket.socket", await self.thread.call(self.network.listen, interface))

    async def listen_in_all(self, interfaces: Collection[str]) -> Mapping[str, socket.socket]:
        """See `INetwork.listen_in_all`."""
        made = await self.thread.call(self.network.listen_in_all, interfaces)
        return cast("Mapping[str, socket.socket]", made)
