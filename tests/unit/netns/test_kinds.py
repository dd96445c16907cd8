"""Which links can be attached."""

import pytest

from netns.kinds import objection
from netns.links import HostLink


def link(kind: str, parent: str = "", *, is_ethernet: bool = True) -> HostLink:
    """A link of a kind."""
    return HostLink(name="x", index=1, mtu=1500, is_ethernet=is_ethernet, kind=kind, parent=parent)


@pytest.mark.parametrize("each", [link("tun"), link("veth"), link(""), link("", "xen-backend vif-1-0")])
def test_accepted(each: HostLink) -> None:
    """A tap, a veth and a Xen back end are ports of VMs."""
    assert objection(each) is None


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (link("bridge"), "is a bridge: name the VM's port on it, e.g. tap0"),
        (link("openvswitch"), "Open vSwitch bridge or internal port"),
        (link("macvtap"), "give the VM a tap on a bridge"),
        (link("macvlan"), "give the VM a tap on a bridge"),
        (link("ipvtap"), "give the VM a tap on a bridge"),
        (link("bond"), "is a bond"),
        (link("vlan"), "is a VLAN of the host"),
        (link("vxlan"), "is no VM's port but of the kind vxlan: name the VM's own port, e.g. tap0"),
        (link("tun", is_ethernet=False), "carries no Ethernet frames"),
        (link("", "pci 0000:00:03.0"), "is hardware of the host (pci 0000:00:03.0)"),
    ],
)
def test_refused(each: HostLink, words: str) -> None:
    """Everything else is refused, with what to name instead."""
    assert words in (objection(each) or "")
