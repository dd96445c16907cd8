"""Wires in the kernel: joins a VM's interface to a network namespace that answers it.

Knows no HTTP, no metadata and no event loop; every call blocks for milliseconds.
"""

from netns.errors import (
    KernelRefusedError,
    MissingError,
    NameRefusedError,
    NetnsError,
    NoSuchInterfaceError,
    UnsuitableInterfaceError,
)
from netns.interfaces import Changes, INetwork, IWatch
from netns.names import check_interface, link_of, namespace_of
from netns.plan import build, clear, connect
from netns.steps import Step
from netns.wiring import (
    GUEST_PORT,
    METADATA_IPV4,
    METADATA_IPV6,
    SERVICE_PORT,
    Link,
    Port,
    Presence,
    Seen,
    Steering,
)

__all__ = [
    "GUEST_PORT",
    "METADATA_IPV4",
    "METADATA_IPV6",
    "SERVICE_PORT",
    "Changes",
    "INetwork",
    "IWatch",
    "KernelRefusedError",
    "Link",
    "MissingError",
    "NameRefusedError",
    "NetnsError",
    "NoSuchInterfaceError",
    "Port",
    "Presence",
    "Seen",
    "Steering",
    "Step",
    "UnsuitableInterfaceError",
    "build",
    "check_interface",
    "clear",
    "connect",
    "link_of",
    "namespace_of",
]
