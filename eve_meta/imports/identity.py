"""The VM's uuid, which a document must have, of what a source calls the instance."""

from uuid import NAMESPACE_URL, UUID, uuid5

from eve_meta.document import scalars
from eve_meta.imports.place import Place

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:eve-meta:instance-id")
"""Never to change: the same instance must get the same uuid on every host."""


def instance_name(value: object) -> str:
    """The name of an instance: in YAML it may look like a number."""
    return scalars.line(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def identified(place: Place, name: str | None, wanted: UUID | None) -> UUID:
    """The uuid that is wanted, or the one that an instance's name is or stands for.

    Raises:
        SourceError: there is neither.
    """
    if wanted is None and name is None:
        raise place.error("is not there, so give the VM's SMBIOS UUID by --uuid")
    uuid = wanted or _uuid_of(str(name))
    if name is not None and name != str(uuid):
        place.tell(_changed(name, uuid))
    return uuid


def _uuid_of(name: str) -> UUID:
    try:
        return scalars.uuid(name)
    except ValueError:
        return uuid5(_NAMESPACE, name)


def _changed(name: str, uuid: UUID) -> str:
    """cloud-init compares names as they are written. Source: its `stages.py`, `Init.is_new_instance`."""
    return f"was {name!r} and becomes {uuid}: to cloud-init the guest is a new instance"
