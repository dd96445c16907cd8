"""How one VM interface is joined to the namespace that answers it: fixed facts, and what the kernel has."""

import enum
from ipaddress import IPv4Address, IPv6Address

from attrs import frozen

METADATA_IPV4 = IPv4Address("169.254.169.254")
"""Where every cloud's guests ask. Source: EC2 and OpenStack user guides."""

METADATA_IPV6 = (IPv6Address("fe80::a9fe:a9fe"), IPv6Address("fd00:ec2::254"))
"""Where OpenStack's and EC2's guests ask over IPv6.

Source: OpenStack nova, "Metadata service", IPv6; EC2 user guide, "Instance metadata", IPv6 endpoint.
"""

GUEST_PORT = 80
SERVICE_PORT = 8775
"""Where the socket in a namespace listens; nova-api's metadata port."""

INNER_LINK = "eth0"
INNER_MAC = "02:00:a9:fe:a9:fe"
"""The metadata address's hardware address, the same for every VM on every host.

A guest's neighbour entry so outlives an agent's restart, a repair and a live migration. No two of them ever
meet: each is seen by one guest alone.
"""


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
    """The host's end of the link into a namespace: its index and its MTU in bytes."""

    index: int
    mtu: int


@frozen
class Steering:
    """A table's mark: the indices of the port and the link that it steers frames between."""

    port: int
    link: int


@frozen(kw_only=True)
class Seen:
    """What the kernel has for one interface."""

    port: Port | None = None
    namespace: Presence = Presence.ABSENT
    link: Link | None = None
    steering: Steering | None = None

    @property
    def is_wired(self) -> bool:
        """Whether frames are steered between the port and link that are there now.

        Steering is made last, from a link that was furnished before: so it tells of all the rest.
        """
        return (
            self.port is not None
            and self.link is not None
            and self.namespace is Presence.PRESENT
            and self.link.mtu == self.port.mtu
            and self.steering == Steering(self.port.index, self.link.index)
        )

    @property
    def is_clear(self) -> bool:
        """Whether nothing of ours is there."""
        return self.namespace is Presence.ABSENT and self.link is None and self.steering is None
