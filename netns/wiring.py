"""How one VM interface is joined to the namespace that answers it: fixed facts, and what the kernel has."""

import enum
from ipaddress import IPv4Address, IPv6Address

from attrs import field, frozen
from attrs.validators import ge, le

METADATA_IPV4 = IPv4Address("169.254.169.254")
"""Where every cloud's guests ask. Source: EC2 and OpenStack user guides."""

METADATA_IPV6 = (IPv6Address("fe80::a9fe:a9fe"), IPv6Address("fd00:ec2::254"))
"""Where OpenStack's and EC2's guests ask over IPv6.

Source: OpenStack nova, "Metadata service", IPv6; EC2 user guide, "Instance metadata", IPv6 endpoint.
"""

GUEST_PORT = 80
SERVICE_PORT = 8775
"""Where the socket in a namespace listens; nova-api's metadata port."""

KNOCKS_MAX = 10_000

INNER_LINK = "eth0"
INNER_MAC = "02:00:a9:fe:a9:fe"
"""The metadata address's hardware address, the same for every VM on every host.

A guest's neighbour entry so outlives an agent's restart, a repair and a live migration. No two of them ever
meet: each is seen by one guest alone.
"""


STAND_IN_MAC = "02:65:76:65"
"""How the hardware addresses of those begin that stand in for a guest, and are none."""


@frozen
class Neighbour:
    """Who has shown himself at an interface, by ARP or neighbour discovery.

    Attributes:
        mac: its hardware address.
        seconds: ago, when that became known, or when the kernel was last in doubt about it. It is in doubt
            about those alone whom it sends something.
    """

    address: IPv4Address | IPv6Address
    mac: str
    seconds: float


@frozen(kw_only=True)
class Knocks:
    """How many connections the kernel lets begin in one namespace, of each family.

    Neither is more than 10 000, which is the most that iptables takes. Source: XT_LIMIT_SCALE,
    linux/netfilter/xt_limit.h; iptables-extensions(8), limit.

    Attributes:
        per_second: after a burst.
        burst: at once, after a quiet time.
    """

    per_second: int = field(default=200, validator=[ge(1), le(KNOCKS_MAX)])
    burst: int = field(default=4000, validator=[ge(1), le(KNOCKS_MAX)])


class Presence(enum.Enum):
    """What stands under a name: nothing, a namespace, or a file that a crash left without one."""

    ABSENT = "absent"
    PRESENT = "present"
    BROKEN = "broken"


@frozen
class Port:
    """A VM's port on the host: its index, its MTU in bytes, and why it can not be attached, if so."""

    index: int
    mtu: int
    objection: str | None = None


@frozen
class Link:
    """The host's end of the link into a namespace: its index, its MTU in bytes, and whether it is set up."""

    index: int
    mtu: int
    is_up: bool = True


@frozen
class Steering:
    """A table's mark: the indices of the port and the link that it steers frames between."""

    port: int
    link: int


@frozen
class Inside:
    """What a look into a namespace has found.

    Attributes:
        damage: what is missing or not as it should be, in an operator's words: "the address 169.254.169.254".
        is_severed: whether the link does not lead there: its end is gone, or the namespace is another one.
    """

    damage: tuple[str, ...] = ()
    is_severed: bool = False


@frozen(kw_only=True)
class Seen:
    """What the kernel has for one interface.

    Attributes:
        inside: None where nobody has looked into the namespace.
    """

    port: Port | None = None
    namespace: Presence = Presence.ABSENT
    link: Link | None = None
    steering: Steering | None = None
    inside: Inside | None = None

    @property
    def is_wired(self) -> bool:
        """Whether the way from the port to the namespace and back is as it should be, as far as was looked.

        Steering is made last, from a link that was furnished before: so it tells of all the rest.
        """
        return not self.faults

    @property
    def is_steered(self) -> bool:
        """Whether frames are steered between the port and link that are there now."""
        return (
            self.port is not None
            and self.link is not None
            and self.steering == Steering(self.port.index, self.link.index)
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """What keeps it from being wired, in an operator's words."""
        if self.port is None:
            return ("the port",)
        return (
            *(("the namespace",) if self.namespace is not Presence.PRESENT else ()),
            *(("the link",) if self.link is None else ()),
            *((f"the MTU, {self.port.mtu} by now",) if self.link and self.link.mtu != self.port.mtu else ()),
            *(("the link being up",) if self.link and not self.link.is_up else ()),
            *(("the nftables table",) if self.steering is None else ()),
            *(("the port or link, another by now",) if self.steering and not self.is_steered else ()),
            *(self.inside.damage if self.inside else ()),
        )

    @property
    def is_clear(self) -> bool:
        """Whether nothing of ours is there."""
        return self.namespace is Presence.ABSENT and self.link is None and self.steering is None
