"""What the control socket needs of an agent: one interface, and the values it answers with."""

import enum
from collections.abc import Mapping
from uuid import UUID

from attrs import frozen
from zope.interface import Interface

from eve_meta.agent.record import Wish
from eve_meta.agent.reports import Report
from eve_meta.errors import EveMetaError
from eve_meta.totals import Totals
from eve_meta.traffic import Traffic


class State(enum.Enum):
    """How far an interface is on its way to being answered."""

    OPEN = "open"
    OPENING = "opening"
    ABSENT = "absent"
    """The interface is not in the kernel; its document is kept until it comes back or is detached."""
    FAILED = "failed"
    """The last attempt failed; it is tried again."""


@frozen
class NotAttachedError(EveMetaError):
    """Nothing is served at the interface."""

    interface: str

    def __str__(self) -> str:
        return f"{self.interface} is not attached (see 'eve-meta list')"


@frozen
class NotAnsweredError(EveMetaError):
    """No server answers guests at the interface at present."""

    interface: str

    def __str__(self) -> str:
        return f"{self.interface} is not answered at present (see 'eve-meta show {self.interface}')"


@frozen
class NotReportedError(EveMetaError):
    """The guest there has reported no such thing."""

    interface: str
    kind: str

    def __str__(self) -> str:
        seen = f"see 'eve-meta reports {self.interface}'"
        return f"{self.interface}: the guest has reported no {self.kind} ({seen})"


@frozen(kw_only=True)
class Status:
    """One attached interface as it is now.

    Attributes:
        name: the VM's name, where its document gives one.
        reason: why the door is not open; None when it is.
        revision: of the document in force; VMs share one counter, so no two documents have the same.
        has_password: whether the VM's guest has set a password.
        namespace: the network namespace that answers.
        link: the host's end of the link into it.
        server_pid: the process that answers; None while there is none.
        took_ms: how long the last attach took, as the agent measured it.
    """

    interface: str
    uuid: UUID
    name: str | None
    state: State
    reason: str | None
    revision: int
    has_password: bool
    namespace: str
    link: str
    server_pid: int | None
    took_ms: float | None


@frozen(kw_only=True)
class Counts:
    """What the agent has done since it began.

    Attributes:
        attaches: that were done, not those that were refused.
        attach_seconds: how long they took, all together.
        looks: at an interface, whatever came of them.
        repairs: of interfaces that others had spoiled.
        server_starts: the first of each too.
        problems: see `IAgent.problems`.
    """

    attaches: int
    attach_seconds: float
    looks: int
    repairs: int
    server_starts: int
    problems: int


@frozen(kw_only=True)
class Contact:
    """Somebody behind an interface who has shown himself there, by ARP or neighbour discovery.

    Attributes:
        address: as he wrote it.
        mac: his hardware address.
        at: Unix time of the first time; it may be a later one if something was sent to him since.
    """

    address: str
    mac: str
    at: float


class IAgent(Interface):
    """What may be asked of an agent by those who may ask anything."""

    async def attach(interface: str, wish: Wish, wait_seconds: float) -> Status:
        """Serve a document at an interface, in place of the one before; returns once a guest is answered.

        Nothing is changed when it raises.

        Args:
            interface: any text; what cannot be an interface's name is refused.
            wish: the document.
            wait_seconds: how long to wait for an interface that is about to appear.

        Raises:
            NetnsError: the interface cannot be served, in the kinds of `netns.errors`.
            EveMetaError: anything else that is said on purpose.
        """

    async def detach(interface: str, vm: UUID | None) -> bool:
        """Forget an interface and remove all that was made for it; False when it was not attached.

        Args:
            interface: any text; what cannot be an interface's name is refused.
            vm: detach it from this VM alone; where another is served there by now, it stays.
        """

    def status(interface: str) -> Status | None:
        """One interface; None when it is not attached."""

    async def access_log(interface: str) -> bytes:
        """What guests have asked at an interface since its door was opened, as `eve_meta.accesses` reads it.

        It is JSON of a server that guests may have taken over, and of what they have asked: nothing is read
        of it here.

        Raises:
            NotAttachedError: no VM is served there.
            NotAnsweredError: there is nobody to ask; a server may be about to be started again.
        """

    async def contacts(interface: str) -> tuple[Contact, ...]:
        """Those who have shown themselves at an interface, the earliest first, and not more than a few.

        Raises:
            NotAttachedError: no VM is served there.
            KernelRefusedError: there is no namespace; it may be about to be made.
        """

    async def traffic() -> Mapping[str, Traffic]:
        """How much guests ask, at each interface that is answered now."""

    async def totals() -> Totals:
        """What the servers have counted of all guests, each since it began."""

    def password(interface: str) -> str:
        """What the guest of the VM that is served there has set; empty if it has set nothing.

        Raises:
            NotAttachedError: no VM is.
        """

    async def clear_password(interface: str) -> bool:
        """Forget what the guest has set, so that it can set another; False when it had set nothing.

        Raises:
            NotAttachedError: no VM is served there.
            StorageError: it is still set.
        """

    def reports(interface: str) -> tuple[Report, ...]:
        """What the guest of the VM that is served there has reported, by kind.

        Raises:
            NotAttachedError: no VM is.
            StorageError: it cannot be read.
        """

    def report(interface: str, kind: str) -> bytes:
        """A report of that guest, as it has sent it.

        Raises:
            NotAttachedError: no VM is served there.
            NotReportedError: its guest has reported no such thing.
            StorageError: it cannot be read.
        """

    def statuses() -> tuple[Status, ...]:
        """All attached interfaces, by name."""

    def counts() -> Counts:
        """What the agent has done."""

    def problems() -> tuple[str, ...]:
        """What is not served although it should be, for no interface's sake: documents set aside."""
