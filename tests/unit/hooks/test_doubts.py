"""Why a guest would not look for us."""

import pytest

from eve_meta.hooks.domain import read_domain
from eve_meta.hooks.doubts import doubts
from eve_meta.hooks.machine import Machine, Smbios
from tests.unit.hooks.recorded import BARE, WEB, recorded


def of(smbios: Smbios | None, **labels: str) -> list[str]:
    """Of a machine, and drives named by their labels."""
    return list(doubts(Machine(uuid=WEB, smbios=smbios), labels))


@pytest.mark.parametrize("name", ["web", "bare"])
def test_none(name: str) -> None:
    """None of OpenStack's firmware, nor of EC2's, which is known by its uuid and serial."""
    assert [] == list(doubts(read_domain(recorded(name, "start")).machine, {"/disk": "root", "/other": ""}))


@pytest.mark.parametrize(
    "smbios", [Smbios(product="OpenStack Nova"), Smbios(product="PC", asset_tag="OpenStack Compute"), None]
)
def test_known_or_not_told(smbios: Smbios | None) -> None:
    assert [] == of(smbios)


@pytest.mark.parametrize(
    ("smbios", "product"),
    [(Smbios(), "not set"), (Smbios(product="PC"), "'PC'"), (Smbios(serial=str(WEB)), "not set")],
)
def test_product(smbios: Smbios, product: str) -> None:
    message = (
        f"cloud-init will not look for metadata: the SMBIOS product is {product}, not 'OpenStack Compute'"
    )
    assert [message] == of(smbios)


def test_serial_of_nocloud() -> None:
    """A serial number may tell cloud-init whom to ask."""
    assert [] == of(Smbios(product="PC", serial="ds=nocloud-net;s=http://169.254.169.254/nocloud/"))


def test_serial_of_another() -> None:
    """A uuid like EC2's is not enough: the serial number must be the same."""
    assert 1 == len(list(doubts(Machine(uuid=BARE, smbios=Smbios(serial=str(WEB))), {})))


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("cidata", "NoCloud"),
        ("CIDATA", "NoCloud"),
        ("config-2", "OpenStack's config drive"),
        ("CONFIG-2", "OpenStack's config drive"),
    ],
)
def test_drive(label: str, kind: str) -> None:
    message = f"cloud-init will take the drive seed ({kind}, labelled {label}) in place of metadata"
    assert [message] == of(None, seed=label)
