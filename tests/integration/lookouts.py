"""What is seen while guests of a crowd attack: at their own NICs, on the bridge, and by the agent."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from attrs import frozen

from netns import Changes
from netns.watch import KernelWatch
from tests.hosts import HOSTNAME, NIC
from tests.integration import frames
from tests.integration.asking import repeating
from tests.integration.attacks import ATTACKER_MAC, Flood
from tests.integration.crowds import BRIDGE, Crowd, Member
from tests.integration.frames import Sniffer, packet_socket

_MARK = frames.marker(ATTACKER_MAC, ATTACKER_MAC, "end")
_PAUSE_SECONDS = 0.01


@frozen
class Lookout:
    """Sniffers at the attackers and on the bridge."""

    crowd: Crowd
    at_attackers: tuple[Sniffer, ...]
    on_bridge: Sniffer

    def seen_by_attackers(self) -> list[tuple[Member, bytes]]:
        """All that each attacker's NIC has sent and got; the last is that it reads its own hostname."""
        for each in self.crowd.attackers:
            assert each.hostname == each.guest.read(HOSTNAME)
        return [
            (member, b"\n".join(sniffer.so_far()))
            for member, sniffer in zip(self.crowd.attackers, self.at_attackers, strict=True)
        ]

    def seen_on_bridge(self) -> list[bytes]:
        """The frames that have passed the bridge."""
        frames.send(self.crowd.attackers[0].guest, _MARK)
        return self.on_bridge.until(_MARK)


@contextmanager
def looking(crowd: Crowd) -> Iterator[Lookout]:
    """A lookout while the body runs, in which the agent tells nothing, and nothing is announced to it."""
    told = crowd.agent.log.read_bytes()
    with ExitStack() as stack:
        sniffing = (each.guest.inside(lambda: Sniffer.on(NIC)) for each in crowd.attackers)
        at_attackers = tuple(stack.enter_context(closing(each)) for each in sniffing)
        on_bridge = stack.enter_context(closing(Sniffer.on(BRIDGE)))
        watch = stack.enter_context(closing(KernelWatch()))
        yield Lookout(crowd, at_attackers, on_bridge)
        assert Changes(frozenset()) == watch.read()
    assert told == crowd.agent.log.read_bytes()


@contextmanager
def attacked(crowd: Crowd, flood: Flood) -> Iterator[None]:
    """While the body runs all attackers send the frames of a flood."""
    with ExitStack() as stack:
        for each in crowd.attackers:
            nic = stack.enter_context(closing(each.guest.inside(lambda: packet_socket(NIC))))
            sending = partial(_send_all, nic.send, list(flood(crowd, each.guest)))
            failures = stack.enter_context(repeating(sending))
            stack.callback(_none, failures)
        yield


def _none(failures: list[Exception]) -> None:
    assert [] == failures


def _send_all(send: Callable[[bytes], object], sent: list[bytes]) -> None:
    for each in sent:
        send(each)
    time.sleep(_PAUSE_SECONDS)
