"""Wires in the kernel: joins a VM's interface to a network namespace that answers it.

Knows no HTTP, no metadata and no event loop; every call blocks for milliseconds. Used alone:

    network = LinuxNetwork()                    # from netns.linux, as root
    seen = network.see("tap0")
    for step in build("tap0", seen.port, seen):
        network.apply(step)
    listening = network.listen("tap0")          # a socket in the namespace eve-meta-tap0
    for step in connect("tap0", seen):          # from here on the guest reaches it
        network.apply(step)
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
    KNOCKS_MAX,
    METADATA_IPV4,
    METADATA_IPV6,
    SERVICE_PORT,
    Inside,
    Knocks,
    Link,
    Neighbour,
    Port,
    Presence,
    Seen,
    Steering,
)

__all__ = [
    "GUEST_PORT",
    "KNOCKS_MAX",
    "METADATA_IPV4",
    "METADATA_IPV6",
    "SERVICE_PORT",
    "Changes",
    "INetwork",
    "IWatch",
    "Inside",
    "KernelRefusedError",
    "Knocks",
    "Link",
    "MissingError",
    "NameRefusedError",
    "Neighbour",
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
