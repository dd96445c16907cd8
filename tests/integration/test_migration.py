"""A VM goes from one host to another while it runs, by two real libvirts; its guest asks all the time."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen

from netns.wiring import INNER_MAC
from tests.agents import GREEN
from tests.hosts import Host
from tests.integration.booted import (
    HOSTNAME,
    PASSWORD,
    Heard,
    answered,
    console,
    console_of,
    domain,
    heard,
    without_seed,
)
from tests.integration.hypervisors import ADDRESSES, EMPTY, Hypervisor, connect, hypervisor
from tests.integration.libvirt import states
from tests.support import need_sandbox, soon

OPEN = ["open", "open"]
PHASE_SECONDS = 20


@frozen
class Pair:
    """Two hosts whose bridges are one network; the VM is at home at the first."""

    source: Hypervisor
    target: Hypervisor

    def migrate(self) -> subprocess.CompletedProcess[str]:
        """Migrate the VM, whatever comes of it.

        A guest that asks all the time may write to its memory faster than a slow machine copies it: in the
        end it is paused for that. Source: virsh(1), migrate --timeout.
        """
        return self.source.libvirt.try_virsh(*self._migration(), "--timeout", str(PHASE_SECONDS))

    @contextmanager
    def migrating(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A migration under way, which comes to no end before `hurry`; the virsh that waits for it."""
        command = (*self.source.libvirt.where, "virsh", *self._migration(), "--bandwidth", "1")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as virsh:
            try:
                assert soon(self._is_under_way, PHASE_SECONDS)
                yield virsh
            finally:
                virsh.kill()

    def hurry(self) -> None:
        """Let a migration come to its end, however long the guest has to be paused for that."""
        self.source.libvirt.virsh("migrate-setmaxdowntime", "web", "10000")
        self.source.libvirt.virsh("migrate-setspeed", "web", "1000")

    def heard(self) -> list[Heard]:
        """What the guest has said; a line may begin at one host and end at the other."""
        return heard(console(self.source.libvirt) + console(self.target.libvirt))

    def is_answered(self) -> bool:
        """Whether the guest is answered again and again from now on; it waits for that."""
        return answered(self.heard)

    def _is_under_way(self) -> bool:
        return "Data processed" in self.source.libvirt.try_virsh("domjobinfo", "web").stdout

    def _migration(self) -> tuple[str, ...]:
        return ("migrate", "--live", "web", self.target.uri, "--migrateuri", f"tcp://{ADDRESSES[1]}")


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The hosts of the whole file."""
    need_sandbox("nft", "libvirtd", "virsh", "qemu-system-x86_64")
    with (
        hypervisor("source", tmp_path_factory.mktemp("source")) as source,
        hypervisor("target", tmp_path_factory.mktemp("target")) as target,
    ):
        connect(source, target)
        yield Pair(source, target)


@pytest.fixture
def pair(host: Host, hosts: Pair, tmp_path: Path) -> Iterator[Pair]:
    """Two hosts, at the first a guest that is answered; what a test has made there is afterwards gone."""
    del host
    both = (hosts.source, hosts.target)
    before = [each.objects() for each in both]
    hosts.source.libvirt.virsh("define", "/dev/stdin", given=domain(tmp_path))
    try:
        hosts.source.libvirt.virsh("start", "web")
        assert hosts.is_answered(), console(hosts.source.libvirt)
        for each in both:
            each.libvirt.forget()
        yield hosts
    finally:
        for each in both:
            each.libvirt.try_virsh("destroy", "web")
            each.libvirt.try_virsh("undefine", "web")
            console_of(each.libvirt).unlink(missing_ok=True)
    assert before == [each.objects() for each in both]


def test_attached_before_it_arrives(pair: Pair) -> None:
    """At the target all is open before there is a QEMU, and at the source all is detached when it is gone."""
    assert 0 == pair.migrate().returncode
    migrate, prepare, start, started = pair.target.libvirt.testimony()
    assert ["migrate", "prepare"] == [migrate["at"], prepare["at"]]
    assert ("start", False) == (start["at"], start["qemu"])
    assert OPEN == [*states(start["list"]).values()]
    assert ("started", start["list"]) == (started["at"], started["list"])

    assert ["stopped", "release"] == [each["at"] for each in pair.source.libvirt.testimony()]
    assert OPEN == [*pair.target.attached().values()]
    assert ({}, EMPTY) == (pair.source.attached(), pair.source.objects())


def test_guest_hears_nothing_of_it(pair: Pair) -> None:
    """The guest reads the same before, meanwhile and afterwards, from the neighbour that it knows."""
    with pair.migrating() as virsh:
        assert pair.is_answered()
        assert virsh.poll() is None
        pair.hurry()
        assert 0 == virsh.wait()
    assert pair.is_answered()

    said = pair.heard()
    answers = [without_seed(each.answer) for each in said if each.answer]
    assert HOSTNAME == answers[0]["hostname"]
    assert all(answers[0] == each for each in answers)
    assert len(said) - len(answers) <= 1  # the one in flight
    assert all(f" lladdr {INNER_MAC} " in each.neighbour for each in said)


def test_password_stays(pair: Pair) -> None:
    """What the guest has posted at the source is forgotten there, and not known at the target."""
    assert PASSWORD == pair.source.agent.run("password", "tapx").stdout.strip()
    assert 0 == pair.migrate().returncode
    for each in (pair.source, pair.target):
        assert "" == each.agent.run("password", "tapx").stdout


def test_target_dies(pair: Pair) -> None:
    """The target's QEMU is killed meanwhile: nothing is left there, and the source answers all the time."""
    with pair.migrating() as virsh:
        assert OPEN == [*pair.target.attached().values()]
        os.kill(int(pair.target.run("cat", "/run/libvirt/qemu/web.pid")), signal.SIGKILL)
        assert 0 != virsh.wait()
    assert soon(lambda: pair.target.attached() == {})
    assert EMPTY == pair.target.objects()
    assert OPEN == [*pair.source.attached().values()]
    assert pair.is_answered()
    assert all(each.answer for each in pair.heard())


def test_name_is_taken(pair: Pair) -> None:
    """A tap's name is another VM's at the target: that one keeps it, and the source is attached as before."""
    pair.target.run("ip", "link", "add", "tapx", "type", "veth", "peer", "name", "green")
    pair.target.agent.attach("tapx", GREEN)
    before = pair.target.objects()
    try:
        assert "tapx" in pair.migrate().stderr
        assert ({"tapx": "open"}, before) == (pair.target.attached(), pair.target.objects())
        assert GREEN["uuid"] == pair.target.agent.show("tapx")["uuid"]
        assert OPEN == [*pair.source.attached().values()]
        assert pair.is_answered()
    finally:
        pair.target.agent.detach("tapx")
        pair.target.run("ip", "link", "del", "tapx")
