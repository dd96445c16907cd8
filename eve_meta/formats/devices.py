"""`devices` of meta_data.json: what the guest finds on its buses.

Source: nova `api/metadata/base.py`, `_get_device_metadata`.
"""

from eve_meta.vm import VM, Bus, Device, DiskDevice, NicDevice, ShareDevice

_VLAN_SINCE = "2017-02-22"
_TRUSTED_SINCE = "2018-08-27"
_SHARES_SINCE = "2025-04-04"

_Record = dict[str, object]


def device_metadata(vm: VM, version: str) -> list[_Record]:
    """The devices that a version tells of, as JSON data, in nova's order of fields."""
    records = (_record(device, version) for device in vm.devices)
    return [record for record in records if record is not None]


def _record(device: Device, version: str) -> _Record | None:
    match device:
        case NicDevice():
            return _nic(device, version)
        case DiskDevice():
            return _disk(device)
        case _:
            return _share(device) if version >= _SHARES_SINCE else None


def _nic(device: NicDevice, version: str) -> _Record | None:
    """None for a NIC of which there is nothing to tell."""
    told: _Record = {}
    if device.vlan is not None and version >= _VLAN_SINCE:
        told["vlan"] = device.vlan
    if version >= _TRUSTED_SINCE:
        told["vf_trusted"] = bool(device.vf_trusted)
    if not told and not device.tags:
        return None
    return told | {"type": "nic", "mac": device.mac} | _plugged(device)


def _disk(device: DiskDevice) -> _Record:
    known = {"serial": device.serial, "path": device.path}
    given = {name: value for name, value in known.items() if value is not None}
    return {"type": "disk"} | given | _plugged(device)


def _share(device: ShareDevice) -> _Record:
    return {
        "type": "share",
        "share_id": device.share_id,
        "tag": device.tag,
        "bus": Bus.NONE.value,
        "address": Bus.NONE.value,
    }


def _plugged(device: NicDevice | DiskDevice) -> _Record:
    """Where it is, which on no bus is nowhere."""
    address = Bus.NONE.value if device.bus is Bus.NONE else device.address
    told: _Record = {"bus": device.bus.value, "address": address}
    return told | {"tags": list(device.tags)} if device.tags else told
