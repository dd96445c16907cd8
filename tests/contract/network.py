"""What every `INetwork` must do: one suite, run on the kernel and on the network in memory."""

import errno
from ipaddress import ip_address

import pytest
from attrs import evolve
from zope.interface.verify import verifyObject

from netns import (
    INetwork,
    Inside,
    KernelRefusedError,
    Neighbour,
    NoSuchInterfaceError,
    Presence,
    Seen,
    link_of,
    steps,
)
from netns.wiring import STAND_IN_MAC
from tests.contract.world import (
    OTHER,
    TAP,
    World,
    announced,
    applied_up_to,
    clean,
    read,
    refused,
    wire,
    wire_as_seen,
)
from tests.support import soon

SOON_SECONDS = 30

REMOVALS: tuple[steps.Step, ...] = (steps.Unsteer(TAP), steps.RemoveLink(TAP), steps.RemoveNamespace(TAP))

DAMAGES = pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("lose_address", "the address fd00:ec2::254"),
        ("lose_rules", "the rules of ip nat PREROUTING"),
        ("lose_sysctl", "the sysctl ipv4/conf/all/arp_ignore"),
        ("sever", "the link eth0"),
    ],
)


class NetworkContract:
    """Its subclasses provide the fixture `world`."""

    def test_interface(self, world: World) -> None:
        """It has every method, with the arguments it should have."""
        assert verifyObject(INetwork, world.network)

    def test_check(self, world: World) -> None:
        """Where these tests run, all is there that wiring needs."""
        world.network.check()

    def test_nothing(self, world: World) -> None:
        """Of an interface that is not there nothing is seen."""
        assert Seen() == world.network.see(TAP)
        assert world.network.port(TAP) is None

    def test_port(self, world: World) -> None:
        """A port has an index of its own and its MTU, and may be attached."""
        world.add_port(TAP, 1400)
        world.add_port(OTHER)

        port, other = world.network.see(TAP).port, world.network.see(OTHER).port

        assert port
        assert other
        assert (1400, None) == (port.mtu, port.objection)
        assert port.index != other.index
        assert port == world.network.port(TAP)

    def test_bridge(self, world: World) -> None:
        """A bridge is seen, and why it can not be attached."""
        world.add_bridge("br0")
        seen = world.network.see("br0")

        assert seen.port
        assert seen.port.objection == "is a bridge: name the VM's port on it, e.g. tap0"

    def test_wire(self, world: World) -> None:
        """The planned steps wire a port."""
        world.add_port(TAP)
        wire(world.network, TAP)

        assert world.network.see(TAP).is_wired

    @pytest.mark.parametrize("last", [steps.AddNamespace, steps.AddLink, steps.Furnish, steps.Steer])
    def test_unfinished(self, world: World, last: type[steps.Step]) -> None:
        """Wired is what has all steps behind it, and a plan finishes what was left after any of them."""
        world.add_port(TAP)
        applied_up_to(world.network, last)
        assert (last is steps.Steer) == world.network.see(TAP).is_wired

        wire(world.network, TAP)

        assert world.network.see(TAP).is_wired

    @pytest.mark.parametrize("last", [steps.AddNamespace, steps.AddLink, steps.Furnish, steps.Steer])
    def test_clear(self, world: World, last: type[steps.Step]) -> None:
        """A plan clears what was left after any step."""
        world.add_port(TAP)
        applied_up_to(world.network, last)
        assert not world.network.see(TAP).is_clear

        clean(world.network, TAP)

        assert soon(lambda: world.network.see(TAP).is_clear)

    @pytest.mark.parametrize("step", [steps.Renew(TAP), steps.Furnish(TAP, 1500), steps.Steer(TAP)], ids=str)
    def test_change_again(self, world: World, step: steps.Step) -> None:
        """What changes something can be applied again."""
        world.add_port(TAP)
        wire(world.network, TAP)
        world.network.apply(step)

        assert world.network.see(TAP).is_wired

    @pytest.mark.parametrize("step", REMOVALS, ids=str)
    def test_remove_nothing(self, world: World, step: steps.Step) -> None:
        """What is gone can be removed."""
        world.network.apply(step)

        assert world.network.see(TAP).is_clear

    @pytest.mark.parametrize("step", [steps.AddNamespace(TAP), steps.AddLink(TAP, 1500)], ids=str)
    def test_add_again(self, world: World, step: steps.Step) -> None:
        """What is there can not be added."""
        world.add_port(TAP)
        wire(world.network, TAP)

        assert errno.EEXIST == refused(world.network, step)

    @pytest.mark.parametrize(
        "step", [steps.Renew(TAP), steps.AddLink(TAP, 1500), steps.Furnish(TAP, 1500)], ids=str
    )
    def test_without_namespace(self, world: World, step: steps.Step) -> None:
        """What is done in a namespace needs one."""
        world.add_port(TAP)

        assert errno.ENOENT == refused(world.network, step)

    @pytest.mark.parametrize(
        ("step", "code"),
        [(steps.Furnish(TAP, 1500), errno.ENOENT), (steps.Steer(TAP), errno.ENODEV)],
        ids=str,
    )
    def test_without_link(self, world: World, step: steps.Step, code: int) -> None:
        """What is done to a link needs one."""
        world.add_port(TAP)
        world.network.apply(steps.AddNamespace(TAP))

        assert code == refused(world.network, step)

    def test_without_port(self, world: World) -> None:
        """A port that went before it was steered from is named."""
        world.add_port(TAP)
        applied_up_to(world.network, steps.Furnish)
        world.remove_port(TAP)

        with pytest.raises(NoSuchInterfaceError, match="tap0"):
            world.network.apply(steps.Steer(TAP))

    def test_listen(self, world: World) -> None:
        """One socket at a time listens in a namespace."""
        world.network.apply(steps.AddNamespace(TAP))
        with world.network.listen(TAP):
            with pytest.raises(KernelRefusedError) as caught:
                world.network.listen(TAP)
            assert errno.EADDRINUSE == caught.value.code

        world.network.listen(TAP).close()

    def test_listening_of(self, world: World) -> None:
        """A socket is of the namespace that it was made in, not of a later one of the same name."""
        world.network.apply(steps.AddNamespace(TAP))
        with world.network.listen(TAP) as listening:
            assert world.network.is_of(TAP, listening)
            assert not world.network.is_of(OTHER, listening)
            world.network.apply(steps.RemoveNamespace(TAP))
            assert not world.network.is_of(TAP, listening)
            world.network.apply(steps.AddNamespace(TAP))
            assert not world.network.is_of(TAP, listening)

    def test_listen_nowhere(self, world: World) -> None:
        """Without a namespace there is nowhere to listen."""
        with pytest.raises(KernelRefusedError) as caught:
            world.network.listen(TAP)

        assert errno.ENOENT == caught.value.code

    def test_mtu(self, world: World) -> None:
        """A port with another MTU is wired when its link has it too."""
        world.add_port(TAP)
        wire(world.network, TAP)
        world.set_mtu(TAP, 1400)
        assert not world.network.see(TAP).is_wired

        wire(world.network, TAP)
        seen = world.network.see(TAP)

        assert seen.is_wired
        assert seen.link
        assert 1400 == seen.link.mtu

    def test_port_came_back(self, world: World) -> None:
        """A port that went and came is another one: it is steered from anew, in the same namespace."""
        world.add_port(TAP)
        wire(world.network, TAP)
        before = world.network.see(TAP)
        world.remove_port(TAP)
        assert not world.network.see(TAP).is_wired
        world.add_port(TAP)
        assert not world.network.see(TAP).is_wired

        wire(world.network, TAP)
        seen = world.network.see(TAP)

        assert seen.is_wired
        assert before.link == seen.link

    def test_port_is_gone(self, world: World) -> None:
        """What was made for a port that went can be cleared."""
        world.add_port(TAP)
        wire(world.network, TAP)
        world.remove_port(TAP)

        clean(world.network, TAP)

        assert soon(lambda: Seen() == world.network.see(TAP))

    def test_lost_namespace(self, world: World) -> None:
        """A namespace that lost its name while somebody listens in it is made anew, with its link."""
        world.add_port(TAP)
        wire(world.network, TAP)
        before = world.network.see(TAP)
        with world.network.listen(TAP):
            world.lose_namespace(TAP)
            seen = world.network.see(TAP)
            assert (Presence.ABSENT, before.link) == (seen.namespace, seen.link)

            wire(world.network, TAP)
            assert world.network.see(TAP).is_wired
            assert before.link != world.network.see(TAP).link

            world.network.listen(TAP).close()

    def test_broken_namespace(self, world: World) -> None:
        """A file without a namespace is seen as such, replaced when wired and removed when cleared."""
        world.add_port(TAP)
        world.break_namespace(TAP)
        assert Presence.BROKEN is world.network.see(TAP).namespace

        wire(world.network, TAP)
        assert world.network.see(TAP).is_wired

        clean(world.network, TAP)
        world.break_namespace(TAP)
        clean(world.network, TAP)
        assert soon(lambda: world.network.see(TAP).is_clear)

    def test_lost_steering(self, world: World) -> None:
        """Without its table an interface is not wired; a plan brings it back to the same link."""
        world.add_port(TAP)
        wire(world.network, TAP)
        before = world.network.see(TAP)
        world.lose_steering(TAP)
        assert not world.network.see(TAP).is_wired

        wire(world.network, TAP)

        assert before == world.network.see(TAP)

    def test_sound(self, world: World) -> None:
        """In what was just wired nothing is damaged; a look from outside tells nothing of that."""
        world.add_port(TAP)
        assert world.network.inspect(TAP) == world.network.see(TAP)
        wire(world.network, TAP)
        seen = world.network.see(TAP)

        assert seen.inside is None
        assert evolve(seen, inside=Inside()) == world.network.inspect(TAP)

    @DAMAGES
    def test_damage(self, world: World, damage: str, words: str) -> None:
        """What is damaged inside is named; the plan makes it good in the same namespace."""
        world.add_port(TAP)
        wire(world.network, TAP)
        with world.network.listen(TAP) as listening:
            getattr(world, damage)(TAP)
            seen = world.network.inspect(TAP)
            assert (words,) == seen.faults
            assert world.network.see(TAP).is_wired

            wire_as_seen(world.network, TAP, seen)

            repaired = world.network.inspect(TAP)
            assert () == repaired.faults
            assert (damage == "sever") == (seen.link != repaired.link)
            assert world.network.is_of(TAP, listening)

    def test_neighbours(self, world: World) -> None:
        """Those who have shown themselves to one interface, but for those who stand in for its guest."""
        for name in (TAP, OTHER):
            world.add_port(name)
            wire(world.network, name)
        assert [] == [*world.network.neighbours(TAP)]
        heard = {
            Neighbour(ip_address("10.0.0.5"), "02:00:00:00:00:05", 0.0),
            Neighbour(ip_address("fe80::5"), "02:00:00:00:00:05", 0.0),
        }
        for each in (*heard, Neighbour(ip_address("169.254.3.4"), f"{STAND_IN_MAC}:00:01", 0.0)):
            world.hear(TAP, each)
        found = world.network.neighbours(TAP)

        assert heard == {evolve(each, seconds=0.0) for each in found}
        assert all(0 <= each.seconds < SOON_SECONDS for each in found)
        assert [] == [*world.network.neighbours(OTHER)]

    def test_neighbours_of_nobody(self, world: World) -> None:
        with pytest.raises(KernelRefusedError, match=TAP):
            world.network.neighbours(TAP)

    def test_lowered_link(self, world: World) -> None:
        """A link that somebody has set down is seen, and set up by the plan."""
        world.add_port(TAP)
        wire(world.network, TAP)
        world.lower_link(TAP)
        seen = world.network.see(TAP)
        assert ("the link being up",) == seen.faults

        wire_as_seen(world.network, TAP, seen)

        assert () == world.network.inspect(TAP).faults

    def test_damage_at_once(self, world: World) -> None:
        """All damage is named and made good together, and what is wrong outside with it."""
        world.add_port(TAP)
        wire(world.network, TAP)
        for damage in (world.lose_address, world.lose_rules, world.lose_sysctl, world.lose_steering):
            damage(TAP)
        world.set_mtu(TAP, 1400)
        seen = world.network.inspect(TAP)
        assert ("the MTU, 1400 by now", "the nftables table") == seen.faults[:2]
        assert 5 == len(seen.faults)

        wire_as_seen(world.network, TAP, seen)

        assert () == world.network.inspect(TAP).faults

    @pytest.mark.parametrize("damage", ["lose_address", "lose_rules", "sever", "lower_link"])
    def test_watch_inside(self, world: World, damage: str) -> None:
        """A watch tells by its link of a namespace in which something changes, made before or after it."""
        for each in (TAP, OTHER):
            world.add_port(each)
            wire(world.network, each)
        watch = world.network.watch()
        try:
            getattr(world, damage)(TAP)
            assert announced(watch, link_of(TAP))
            clean(world.network, TAP)
            wire(world.network, TAP)
            assert announced(watch, link_of(TAP))
            getattr(world, damage)(TAP)
            assert announced(watch, link_of(TAP))
        finally:
            watch.close()

    def test_watch_namespace(self, world: World) -> None:
        """A watch tells of a namespace that lost its name."""
        world.add_port(TAP)
        wire(world.network, TAP)
        watch = world.network.watch()
        try:
            world.lose_namespace(TAP)
            assert announced(watch, TAP)
        finally:
            watch.close()

    def test_watch_rename(self, world: World) -> None:
        """A watch tells of a port that is renamed by both names; under the old one there is none."""
        world.add_port(TAP)
        watch = world.network.watch()
        try:
            world.rename_port(TAP, OTHER)
            changes = read(watch)
            assert {TAP, OTHER} <= changes.names
            assert {TAP: OTHER} == changes.renamed
        finally:
            watch.close()
        assert world.network.see(TAP).port is None

    def test_listen_in_all(self, world: World) -> None:
        """Many sockets at once, each in its own namespace; where there is none, none."""
        for each in (TAP, OTHER):
            world.add_port(each)
            wire(world.network, each)
        made = world.network.listen_in_all([TAP, OTHER, "tap9"])
        try:
            assert {TAP, OTHER} == made.keys()
            for each in (TAP, OTHER):
                assert [each] == [name for name in (TAP, OTHER) if world.network.is_of(name, made[each])]
            assert {} == world.network.listen_in_all([TAP])
        finally:
            for listening in made.values():
                listening.close()

    def test_others(self, world: World) -> None:
        """An interface is cleared without another one's notice."""
        for each in (TAP, OTHER):
            world.add_port(each)
            wire(world.network, each)
        before = world.network.see(OTHER)

        clean(world.network, TAP)

        assert soon(lambda: world.network.see(TAP).is_clear)
        assert before == world.network.see(OTHER)

    def test_survey(self, world: World) -> None:
        """A survey sees of each what a look sees, also of what nobody asked for but is ours."""
        for each in (TAP, OTHER, "tap2", "tap3"):
            world.add_port(each)
        wire(world.network, TAP)
        wire(world.network, OTHER)
        world.network.apply(steps.AddNamespace("tap2"))
        asked = (TAP, "tap3", "tap4")

        assert {each: world.network.see(each) for each in (*asked, OTHER, "tap2")} == dict(
            world.network.survey(asked)
        )

    def test_watch(self, world: World) -> None:
        """A watch tells of ports that come, change and go, of our own links, and of tables that are lost."""
        watch = world.network.watch()
        try:
            world.add_port(TAP)
            assert announced(watch, TAP)
            world.set_mtu(TAP, 1400)
            assert announced(watch, TAP)
            wire(world.network, TAP)
            assert announced(watch, link_of(TAP))
            watch.read()
            world.lose_steering(TAP)
            assert announced(watch, TAP)
            clean(world.network, TAP)
            assert announced(watch, link_of(TAP))
            world.remove_port(TAP)
            assert announced(watch, TAP)
        finally:
            watch.close()

    def test_quiet_watch(self, world: World) -> None:
        """A watch tells nothing of before it began or after it was closed; reading it does not block."""
        world.add_port(TAP)
        watch = world.network.watch()
        changes = watch.read()
        watch.close()
        world.add_port(OTHER)

        assert (frozenset(), True) == (changes.names, changes.is_complete)
