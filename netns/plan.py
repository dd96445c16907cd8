"""From what the kernel has for an interface to the steps that wire or clear it.

Note [The order of steps]

    seen                                      steps
    wired                                     none
    no namespace                              RemoveLink? AddNamespace AddLink Furnish | Steer
    namespace, no link                        Renew AddLink Furnish | Steer
    both, but the link does not lead there    Renew RemoveLink AddLink Furnish | Steer
    both, but damaged inside                  Renew Furnish | Steer?
    both, not steered, not looked into        Renew Furnish | Steer
    both, sound inside or steered             Furnish? | Steer?

The bar is where the caller starts to listen: a guest's first frame must find a listener. Steering is made
last and so is the mark of all that stands before it: an agent that dies between any two steps leaves an
interface that is not steered, and the next pass does again what can be done again. A repair keeps the
namespace, and what guests have open there, where it can.
A link whose namespace has lost its name leads nowhere, so it goes first.
"""

from netns import steps
from netns.wiring import Link, Port, Presence, Seen


def build(interface: str, port: Port, seen: Seen) -> tuple[steps.Step, ...]:
    """The steps up to where a socket can listen in the namespace; none when it is wired."""
    if seen.is_wired:
        return ()
    renew, remove = steps.Renew(interface), steps.RemoveLink(interface)
    link, furnish = steps.AddLink(interface, port.mtu), steps.Furnish(interface, port.mtu)
    if seen.namespace is not Presence.PRESENT:
        return (*((remove,) if seen.link else ()), steps.AddNamespace(interface), link, furnish)
    if seen.link is None:
        return (renew, link, furnish)
    if seen.inside and seen.inside.is_severed:
        return (renew, remove, link, furnish)
    if seen.inside.damage if seen.inside else not seen.is_steered:
        return (renew, furnish)
    return () if seen.link == Link(seen.link.index, port.mtu, is_up=True) else (furnish,)


def connect(interface: str, seen: Seen) -> tuple[steps.Step, ...]:
    """The steps that join a namespace in which a socket listens to its guest."""
    is_rebuilt = seen.namespace is not Presence.PRESENT or (seen.inside and seen.inside.is_severed)
    return () if seen.is_steered and not is_rebuilt else (steps.Steer(interface),)


def clear(interface: str, seen: Seen) -> tuple[steps.Step, ...]:
    """The steps that leave nothing of ours."""
    return (
        *((steps.Unsteer(interface),) if seen.steering else ()),
        *((steps.RemoveLink(interface),) if seen.link else ()),
        *((steps.RemoveNamespace(interface),) if seen.namespace is not Presence.ABSENT else ()),
    )
