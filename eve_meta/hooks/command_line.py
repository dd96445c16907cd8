"""QEMU's command line -> what it says of the VM."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from eve_meta.hooks.machine import Machine, MachineError, Smbios

_COMMA = "\0"
"""Stands for a comma that is written twice, since it ends no field. Source: qemu(1), `-drive`."""


def machine_of(arguments: Sequence[str]) -> Machine:
    """The VM that QEMU with these arguments runs.

    Raises:
        MachineError: it has no uuid.
    """
    smbios = smbios_of(arguments)
    if smbios.uuid is None:
        raise MachineError("the VM has no uuid: start QEMU with -uuid, which is also its guest's SMBIOS UUID")
    return Machine(uuid=smbios.uuid, name=_name(arguments), smbios=smbios, drives=tuple(_drives(arguments)))


def smbios_of(arguments: Sequence[str]) -> Smbios:
    """What the arguments let the firmware say; the last word counts. Source: DSP0134 sections 7.2, 7.4."""
    said: dict[str, str] = {}
    for option, value in _options(arguments):
        match option, _fields(value):
            case "uuid", _:
                said["uuid"] = value
            case "smbios", {"type": "1", **fields}:  # of the system
                said |= {name: fields[name] for name in ("product", "serial", "uuid") if name in fields}
            case "smbios", {"type": "3", "asset": asset}:  # of the chassis
                said["asset_tag"] = asset
    return Smbios(
        product=said.get("product"),
        serial=said.get("serial"),
        uuid=_uuid(said["uuid"]) if "uuid" in said else None,
        asset_tag=said.get("asset_tag"),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise MachineError(f"the VM's uuid is none: {text!r}") from error


def _name(arguments: Sequence[str]) -> str | None:
    names = (_fields(value) for option, value in _options(arguments) if option == "name")
    return next((fields.get("guest") or next(iter(fields)) for fields in names), None)


def _drives(arguments: Sequence[str]) -> Iterator[str]:
    for option, value in _options(arguments):
        match option, _fields(value):
            case "cdrom" | "hda" | "hdb" | "hdc" | "hdd", _:
                yield value
            case "drive", {"file": path}:
                yield path
            case "blockdev", {"filename": path} | {"file.filename": path}:
                yield path


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that have a value; they begin with one dash or with two."""
    return ((option.lstrip("-"), value) for option, value in pairwise(arguments) if option.startswith("-"))


def _fields(value: str) -> Mapping[str, str]:
    """The fields of an option's value: `a=b,c=d`, in which a comma of a value is written twice."""
    pairs = (each.partition("=") for each in value.replace(",,", _COMMA).split(","))
    return {name: text.replace(_COMMA, ",") for name, _, text in pairs}
