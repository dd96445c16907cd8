"""What Xen gives its vif scripts -> the interface, and where xenstore tells of it.

Source: xen, tools/hotplug/Linux/vif-common.sh and vif-bridge; docs/misc/xenstore-paths.
"""

import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from eve_meta.hooks.machine import MachineError

_EMULATED = "-emu"
_BACKEND = re.compile(r"(?:.*/)?backend/vif/(?P<domain>\d+)/\d+")
_TAP = re.compile(rf"vif(?P<domain>\d+)\.(?P<number>\d+){_EMULATED}")

ATTACHED_AT = frozenset({"online", "add"})
DETACHED_AT = frozenset({"offline", "remove"})


@frozen
class Vif:
    """A port of a domain.

    Attributes:
        device: its name as Xen makes it.
        backend: what xenstore calls it.
        suffix: what is behind the operator's `vifname` for it.
    """

    device: str
    backend: str
    domain: str
    suffix: str = ""

    @property
    def name_path(self) -> str:
        """Where the name is that the operator has given it, if any."""
        return f"{self.backend}/vifname"

    @property
    def vm_path(self) -> str:
        """Where `/vm/` and the domain's uuid is."""
        return f"/local/domain/{self.domain}/vm"


def vif_of(arguments: Sequence[str], environment: Mapping[str, str]) -> Vif:
    """The port that a script is called for: a paravirtual one, or the tap of an emulated NIC.

    Raises:
        MachineError: it is not told.
    """
    if "type_if=tap" in arguments:
        device = environment.get("INTERFACE", "")
        if tap := _TAP.fullmatch(device):
            backend = f"/local/domain/0/backend/vif/{tap['domain']}/{tap['number']}"
            return Vif(device, backend, tap["domain"], _EMULATED)
        raise MachineError(f"INTERFACE is no emulated port of Xen's: {device!r}")
    device, backend = environment.get("vif", ""), environment.get("XENBUS_PATH", "")
    found = _BACKEND.fullmatch(backend)
    if not device or not found:
        raise MachineError(f"vif and XENBUS_PATH name no port of Xen's: {device!r}, {backend!r}")
    return Vif(device, backend, found["domain"])
