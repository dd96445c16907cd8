"""Why a guest would not look for us, though we are there."""

from collections.abc import Iterator, Mapping

from eve_meta.hooks.machine import Machine, Smbios

_OPENSTACK = ("OpenStack Compute", "OpenStack Nova")
"""The product names, and the asset tags, by which cloud-init knows it. Source: its tools/ds-identify."""

_EC2 = "ec2"
_NOCLOUD = " ds=nocloud"
"""What a serial number may say, behind a blank if it is not the first. Source: its tools/ds-identify."""
_WINNERS = {"cidata": "NoCloud", "config-2": "OpenStack's config drive"}
"""The labels of drives that cloud-init takes in place of the network, whatever their case."""


def doubts(machine: Machine, labels: Mapping[str, str]) -> Iterator[str]:
    """Each in words for an operator; none if its firmware is not known.

    Args:
        machine: the VM.
        labels: of its drives, by their paths.
    """
    if machine.smbios is not None and not _is_known(machine.smbios, str(machine.guest_uuid)):
        yield (
            f"cloud-init will not look for metadata: the SMBIOS product is {_shown(machine.smbios.product)}, "
            f"not 'OpenStack Compute'"
        )
    for path, label in labels.items():
        if label.lower() in _WINNERS:
            kind = _WINNERS[label.lower()]
            yield f"cloud-init will take the drive {path} ({kind}, labelled {label}) in place of metadata"


def _is_known(smbios: Smbios, uuid: str) -> bool:
    """Whether cloud-init takes the machine for one of OpenStack's or of EC2's, or is told whom to ask."""
    if smbios.product in _OPENSTACK or smbios.asset_tag in _OPENSTACK:
        return True
    if _NOCLOUD in f" {smbios.serial}":
        return True
    return uuid.startswith(_EC2) and (smbios.serial or "").lower() == uuid


def _shown(product: str | None) -> str:
    return "not set" if product is None else repr(product)
