"""A VM as the program that starts it describes it."""

from uuid import UUID

from attrs import frozen

from eve_meta.errors import EveMetaError


class MachineError(EveMetaError):
    """What a hook was given does not say which VM it is about."""


@frozen
class Smbios:
    """What the guest's firmware says of it, as far as it was told to; the rest is QEMU's own."""

    product: str | None = None
    serial: str | None = None
    uuid: UUID | None = None
    asset_tag: str | None = None


@frozen
class Nic:
    """A NIC, and the interface of the host that is its port; None where it has none yet."""

    mac: str | None = None
    port: str | None = None
    mtu: int | None = None


@frozen(kw_only=True)
class Machine:
    """A VM.

    Attributes:
        uuid: by which its document is found.
        drives: paths of the images behind its drives.
    """

    uuid: UUID
    name: str | None = None
    smbios: Smbios | None = None
    nics: tuple[Nic, ...] = ()
    drives: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.uuid})" if self.name else str(self.uuid)

    @property
    def guest_uuid(self) -> UUID:
        """The uuid that the guest sees, and by which the agent knows the VM."""
        return (self.smbios and self.smbios.uuid) or self.uuid

    @property
    def ports(self) -> tuple[str, ...]:
        """Where it is attached."""
        return tuple(nic.port for nic in self.nics if nic.port)
