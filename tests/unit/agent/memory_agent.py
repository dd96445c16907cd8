"""An agent without a kernel: it serves any interface that is said to exist."""

from twisted.internet.defer import Deferred
from zope.interface import implementer

from eve_meta.agent.inventory import Inventory
from eve_meta.agent.record import Record
from eve_meta.agent.status import IAgent, State, Status
from netns.errors import KernelRefusedError, MissingError, NoSuchInterfaceError, UnsuitableInterfaceError
from netns.names import check_interface, link_of, namespace_of

REFUSED = {
    "br0": UnsuitableInterfaceError("br0", "is a bridge: name the VM's port on it, e.g. tap0"),
    "tap-refused": KernelRefusedError("add the link evmabc", 28),
    "tap-missing": MissingError("nf_tables", "load the kernel module nf_tables"),
    "tap-bug": ZeroDivisionError("a secret detail"),
}
"""Interfaces that cannot be served, and what an attempt raises."""


@implementer(IAgent)
class MemoryAgent:
    """Interfaces named `tap…` exist, from the second of waiting on also those named `late…`.

    Attributes:
        slow: where an attach of `tap-slow` waits until the test lets it go on.
        problems_seen: what `problems` answers.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.slow: Deferred[None] = Deferred()
        self.problems_seen: tuple[str, ...] = ()

    async def attach(self, interface: str, document: object, wait_seconds: float) -> Status:
        check_interface(interface)
        if interface in REFUSED:
            raise REFUSED[interface]
        if not interface.startswith("tap") and not (interface.startswith("late") and wait_seconds >= 1):
            raise NoSuchInterfaceError(interface)
        if interface == "tap-slow":
            await self.slow
        return _status(interface, self._inventory.put(interface, document).record)

    async def detach(self, interface: str) -> bool:
        return self._inventory.remove(interface) is not None

    def status(self, interface: str) -> Status | None:
        record = self._inventory.record_of(interface)
        return _status(interface, record) if record else None

    def statuses(self) -> tuple[Status, ...]:
        attached = {
            interface: record for record in self._inventory.records() for interface in record.interfaces
        }
        return tuple(_status(interface, attached[interface]) for interface in sorted(attached))

    def problems(self) -> tuple[str, ...]:
        return (*self._inventory.problems, *self.problems_seen)


def _status(interface: str, record: Record) -> Status:
    absent = interface == "tap-gone"
    return Status(
        interface=interface,
        uuid=record.uuid,
        name=record.name,
        state=State.ABSENT if absent else State.OPEN,
        reason="there is no such interface at present" if absent else None,
        revision=record.revision,
        namespace=namespace_of(interface),
        link=link_of(interface),
        server_pid=None if absent else 4242,
        took_ms=None if absent else 22.6,
    )
