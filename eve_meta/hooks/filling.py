"""The document of a VM, with what the program that starts the VM knows of it."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from eve_meta.errors import DocumentError
from eve_meta.hooks.machine import Machine, Nic


def filled(data: object, machine: Machine) -> object:
    """A document with the uuid, the name, MAC addresses and MTUs where it is silent.

    What is no document is left to the agent, which says so.

    Raises:
        DocumentError: it is another VM's.
    """
    if not isinstance(data, dict | None):
        return data
    given = {key: value for key, value in (data or {}).items() if value is not None}
    _check_uuid(given.get("uuid"), machine)
    whole = {"uuid": str(machine.guest_uuid), "name": machine.name} | given
    if "network_data" not in given:
        whole["interfaces"] = _interfaces(given.get("interfaces"), machine.nics)
    return whole


def _check_uuid(given: object, machine: Machine) -> None:
    """Served with a wrong uuid, a VM would read the document of another, or the other this one's."""
    try:
        uuid = UUID(given) if isinstance(given, str) else machine.guest_uuid
    except ValueError:
        return
    if uuid != machine.guest_uuid:
        reason = f"is {uuid}, but the VM's SMBIOS UUID is {machine.guest_uuid}: leave it out, it is known"
        raise DocumentError("uuid", reason)


def _interfaces(given: object, nics: Sequence[Nic]) -> object:
    """What the document says of its interfaces, or else what NICs there are."""
    if given is None:
        return [_known(nic) for nic in {nic.mac: nic for nic in nics if nic.mac}.values()]
    return list(_completed(given, nics)) if isinstance(given, list) else given


def _completed(given: Sequence[object], nics: Sequence[Nic]) -> Iterator[object]:
    """Each with what is known of the NIC with its MAC address; without one, of the NIC in its place."""
    by_mac = {nic.mac: nic for nic in nics}
    for place, interface in enumerate(given):
        if not isinstance(interface, dict):
            yield interface
        elif interface.get("mac") is None:
            yield (_known(nics[place]) if place < len(nics) else {}) | _without_silence(interface)
        else:
            mac = str(interface["mac"]).lower().replace("-", ":")
            yield _known(by_mac.get(mac, Nic())) | _without_silence(interface)


def _known(nic: Nic) -> dict[str, object]:
    return _without_silence({"mac": nic.mac, "mtu": nic.mtu})


def _without_silence(fields: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value is not None}
