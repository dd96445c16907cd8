"""Which links are ports of VMs whose frames can be steered, and what to name instead of the others."""

from netns.links import HostLink

_STEERABLE_KINDS = ("", "tun", "veth")
_INSTEAD = "name the VM's own port, e.g. tap0"
_OBJECTIONS = {
    "bridge": "is a bridge: name the VM's port on it, e.g. tap0",
    "openvswitch": "is an Open vSwitch bridge or internal port: name the VM's port on it, e.g. tap0",
    "macvtap": "is a macvtap: its frames never pass a hook of the host; give the VM a tap on a bridge",
    "macvlan": "is a macvlan: its frames never pass a hook of the host; give the VM a tap on a bridge",
    "ipvtap": "is an ipvtap: its frames never pass a hook of the host; give the VM a tap on a bridge",
    "bond": f"is a bond: {_INSTEAD}",
    "vlan": f"is a VLAN of the host: {_INSTEAD}",
}
_GUEST_BUSES = ("xen-backend", "xen")


def objection(link: HostLink) -> str | None:
    """Why the frames of a link can not be steered, and what to name instead; None when they can."""
    if link.kind in _OBJECTIONS:
        return _OBJECTIONS[link.kind]
    if not link.is_ethernet:
        return f"carries no Ethernet frames: {_INSTEAD}"
    if link.kind not in _STEERABLE_KINDS:
        return f"is no VM's port but of the kind {link.kind}: {_INSTEAD}"
    bus = link.parent.partition(" ")[0]
    if bus and bus not in _GUEST_BUSES:
        return f"is hardware of the host ({link.parent}): {_INSTEAD}"
    return None
