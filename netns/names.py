"""Names of what is made for an interface: namespace, link and table.

All carry our prefix, which is how the kernel's objects are known as ours. An interface's name is at
most 15 bytes, so a link's name has no room for the interface's behind a prefix: it holds a digest
instead, and the way back is the namespace's name, which holds it in full.
"""

import base64
import functools
import hashlib

from netns.errors import NameRefusedError

NAME_MAX_BYTES = 15
"""The longest name of an interface. Source: IFNAMSIZ - 1, linux/if.h."""

NAMESPACE_PREFIX = "eve-meta-"
LINK_PREFIX = "evm"


def check_interface(interface: str) -> None:
    """Accept the name of an interface that may be attached.

    Raises:
        NameRefusedError: no interface can have this name, or it is a link that we made.

    Source: dev_valid_name() in net/core/dev.c.
    """
    if interface in ("", ".", "..") or not interface.isprintable() or set(interface) & set("/: "):
        raise NameRefusedError(
            interface, "is not the name of an interface: no blank, '/' or ':' may be in it"
        )
    if len(interface.encode()) > NAME_MAX_BYTES:
        raise NameRefusedError(
            interface, f"is over {NAME_MAX_BYTES} bytes long: no interface has such a name"
        )
    if is_link(interface):
        raise NameRefusedError(interface, "is a link that eve-meta made: name the VM's own port, e.g. tap0")


def namespace_of(interface: str) -> str:
    """The namespace that answers at an interface; also the name of its nftables table."""
    return NAMESPACE_PREFIX + interface


def interface_of(namespace: str) -> str | None:
    """The interface that a namespace or table was made for; None when it is not one of ours."""
    return namespace.removeprefix(NAMESPACE_PREFIX) if namespace.startswith(NAMESPACE_PREFIX) else None


@functools.lru_cache(maxsize=8192)
def link_of(interface: str) -> str:
    """The host's end of the link into the interface's namespace: prefix and 60 bits of a digest."""
    digest = hashlib.sha256(interface.encode()).digest()
    return LINK_PREFIX + base64.b32encode(digest)[: NAME_MAX_BYTES - len(LINK_PREFIX)].decode().lower()


def is_link(name: str) -> bool:
    """Whether a name has the form of a link that we make."""
    digest = name.removeprefix(LINK_PREFIX)
    return (
        len(name) == NAME_MAX_BYTES
        and digest != name
        and set(digest) <= set("abcdefghijklmnopqrstuvwxyz234567")
    )
