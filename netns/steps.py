"""One frozen value per change of the kernel, in the order in which an interface is wired.

A step that adds is refused where its thing is there. Any other can be applied again: what is already so, or
already gone, is success.
"""

from attrs import frozen


@frozen
class AddNamespace:
    """Make the namespace, born with the sysctls that its links inherit and with its rules."""

    interface: str


@frozen
class Renew:
    """Write sysctls and rules again, in a namespace that was there before."""

    interface: str


@frozen
class AddLink:
    """Make the link whose inner end stands in the namespace."""

    interface: str
    mtu: int


@frozen
class Furnish:
    """Give both ends of the link their MTU, addresses and routes, and set them up."""

    interface: str
    mtu: int


@frozen
class Steer:
    """Bring the guest's frames for the metadata addresses to the link, and the answers back."""

    interface: str


@frozen
class Unsteer:
    """Let the guest's frames go where they went before."""

    interface: str


@frozen
class RemoveLink:
    """Remove both ends of the link."""

    interface: str


@frozen
class RemoveNamespace:
    """Remove the namespace, or the file that a crash left under its name."""

    interface: str


Step = AddNamespace | Renew | AddLink | Furnish | Steer | Unsteer | RemoveLink | RemoveNamespace
