"""From what the kernel has for an interface to the steps that wire or clear it.

Note [The order of steps]

    seen                                      steps
    wired                                     none
    no namespace                              RemoveLink? AddNamespace AddLink Furnish | Steer
    namespace, no link                        Renew AddLink Furnish | Steer
    both, but another MTU or steering         Renew Furnish | Steer

The bar is where the caller starts to listen: a guest's first frame must find a listener. Steering is made
last and so is the mark of all that stands before it: an agent that dies between any two steps leaves an
interface that is not steered, and the next pass does again what can be done again.
A link whose namespace has lost its name leads nowhere, so it goes first.
"""

from netns import steps
from netns.wiring import Port, Presence, Seen


def build(interface: str, port: Port, seen: Seen) -> tuple[steps.Step, ...]:
    """The steps up to where a socket can listen in the namespace; none when it is wired."""
    if seen.is_wired:
        return ()
    link, furnish = steps.AddLink(interface, port.mtu), steps.Furnish(interface, port.mtu)
    if seen.namespace is not Presence.PRESENT:
        stale = (steps.RemoveLink(interface),) if seen.link else ()
        return (*stale, steps.AddNamespace(interface), link, furnish)
    return (steps.Renew(interface), *(() if seen.link else (link,)), furnish)


def connect(interface: str, seen: Seen) -> tuple[steps.Step, ...]:
    """The steps that join a namespace in which a socket listens to its guest."""
    return () if seen.is_wired else (steps.Steer(interface),)


def clear(interface: str, seen: Seen) -> tuple[steps.Step, ...]:
    """The steps that leave nothing of ours."""
    return (
        *((steps.Unsteer(interface),) if seen.steering else ()),
        *((steps.RemoveLink(interface),) if seen.link else ()),
        *((steps.RemoveNamespace(interface),) if seen.namespace is not Presence.ABSENT else ()),
    )
