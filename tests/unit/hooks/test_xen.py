"""What is read of the environment of Xen's vif scripts."""

from collections.abc import Mapping

import pytest

from eve_meta.hooks.machine import MachineError
from eve_meta.hooks.xen import Vif, vif_of

BACKEND = "/local/domain/0/backend/vif/7/1"


@pytest.mark.parametrize("path", [BACKEND, "backend/vif/7/1"])
def test_paravirtual(path: str) -> None:
    vif = vif_of(["type_if=vif"], {"vif": "vif7.1", "XENBUS_PATH": path})

    assert Vif("vif7.1", path, "7") == vif
    assert (f"{path}/vifname", "/local/domain/7/vm") == (vif.name_path, vif.vm_path)


def test_emulated() -> None:
    """The tap of an emulated NIC is told by its name alone, as vif-common.sh does it."""
    vif = vif_of(["type_if=tap"], {"INTERFACE": "vif7.1-emu", "XENBUS_PATH": "/other"})

    assert Vif("vif7.1-emu", BACKEND, "7", "-emu") == vif


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], {}),
        ([], {"vif": "vif7.1"}),
        ([], {"vif": "vif7.1", "XENBUS_PATH": "/local/domain/0/backend/vbd/7/1"}),
        ([], {"vif": "", "XENBUS_PATH": BACKEND}),
        (["type_if=tap"], {"vif": "vif7.1", "XENBUS_PATH": BACKEND}),
        (["type_if=tap"], {"INTERFACE": "tap0"}),
    ],
)
def test_not_told(arguments: list[str], environment: Mapping[str, str]) -> None:
    with pytest.raises(MachineError, match=r"no (emulated )?port of Xen's"):
        vif_of(arguments, environment)
