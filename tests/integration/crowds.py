"""Fifty guests on one bridge that nothing but their ports tells apart, some of them attackers."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from attrs import frozen

from eve_meta.cli.client import Client
from netns import link_of
from tests.agents import Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, NIC, UNIQUE_LOCAL, Guest, Host, kernel_objects, mac_of
from tests.support import soon

METADATA_ADDRESSES = (IPV4, LINK_LOCAL, UNIQUE_LOCAL)
GATEWAY, GATEWAY6 = "10.0.0.1", "fd00::1"
BRIDGE = "br0"

_GUESTS, _ATTACKERS = 50, 3
_READERS = 4


@frozen
class Member:
    """A guest, and the words that stand in its document and in no other."""

    guest: Guest
    hostname: str
    uuid: str

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What no other guest may see."""
        return self.hostname.encode(), self.uuid.encode()


@frozen
class Crowd:
    """See the module.

    Attributes:
        bridge_mac: the hardware address of their bridge, and so of their gateway.
        link_mac: that of the host's end of the link into a namespace of another.
    """

    agent: Agent
    members: tuple[Member, ...]
    bridge_mac: str
    link_mac: str

    @property
    def attackers(self) -> tuple[Member, ...]:
        """Those that attack."""
        return self.members[:_ATTACKERS]

    @property
    def victims(self) -> tuple[Member, ...]:
        """All others."""
        return self.members[_ATTACKERS:]

    def others(self, member: Member) -> list[bytes]:
        """What one of them may not see."""
        return [mark for each in self.members if each is not member for mark in each.marks]


def misread(members: Iterable[Member]) -> list[tuple[Member, str, str]]:
    """Who, where, is not answered with its own hostname, and what it is told; all ask at each address."""
    questions = [(member, address) for address in METADATA_ADDRESSES for member in members]

    def read(member: Member, address: str) -> str:
        try:
            return member.guest.read(HOSTNAME, address)
        except OSError as error:
            return repr(error)

    with ThreadPoolExecutor(_READERS) as readers:
        answers = readers.map(lambda question: read(*question), questions)
        asked = zip(questions, answers, strict=True)
        return [(member, where, told) for (member, where), told in asked if told != member.hostname]


@contextmanager
def gathered(agent: Agent) -> Iterator[Crowd]:
    """A crowd whose members are all attached; nothing of it is left afterwards."""
    before = kernel_objects()
    client = Client(agent.run_dir)
    with Host() as host:
        host.bridge(BRIDGE)
        host.add_gateway(BRIDGE, f"{GATEWAY}/24")
        members = tuple(_member(host, number) for number in range(_GUESTS))
        for each in members:
            document = json.dumps({"uuid": each.uuid, "hostname": each.hostname}).encode()
            client.attach(each.guest.tap, document, "application/json", wait_seconds=0)
        yield Crowd(agent, members, mac_of(BRIDGE), mac_of(link_of(members[-1].guest.tap)))
        for each in members:
            client.detach(each.guest.tap)
    assert soon(lambda: kernel_objects() == before), (before, kernel_objects())


def _member(host: Host, number: int) -> Member:
    guest = host.guest(f"guest{number}", f"tap{number}", bridge=BRIDGE)
    guest.run("ip", "-6", "route", "add", f"{UNIQUE_LOCAL}/128", "dev", NIC)
    uuid = f"{number:08x}-5ec4-4e75-a11c-{number * 7919:012x}"
    return Member(guest, f"secret-of-{number:02}", uuid)
