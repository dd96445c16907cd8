"""`devices` of meta_data.json: what the guest finds on its buses.

Source: nova `api/metadata/base.py`, `_get_device_metadata`.
"""

from collections.abc import Iterator

from eve_meta.vm import VM, Device, DiskDevice, NicDevice, ShareDevice

_VLAN_SINCE = "2017-02-22"
_TRUSTED_SINCE = "2018-08-27"
_SHARES_SINCE = "2025-04-04"

_Field = tuple[str, object]


def device_metadata(vm: VM, version: str) -> list[dict[str, object]]:
    """The devices that a version knows of, as JSON data."""
    return [
        {key: value for key, value in _fields(device, version) if value not in (None, [])}
        for device in vm.devices
        if version >= _SHARES_SINCE or not isinstance(device, ShareDevice)
    ]


def _fields(device: Device, version: str) -> Iterator[_Field]:
    match device:
        case NicDevice():
            return _nic(device, version)
        case DiskDevice():
            return _disk(device)
        case _:
            return _share(device)


def _nic(device: NicDevice, version: str) -> Iterator[_Field]:
    yield "type", "nic"
    yield "mac", device.mac
    yield "vlan", device.vlan if version >= _VLAN_SINCE else None
    yield "vf_trusted", device.vf_trusted if version >= _TRUSTED_SINCE else None
    yield "bus", device.bus.value
    yield "address", device.address
    yield "tags", list(device.tags)


def _disk(device: DiskDevice) -> Iterator[_Field]:
    yield "type", "disk"
    yield "serial", device.serial
    yield "path", device.path
    yield "bus", device.bus.value
    yield "address", device.address
    yield "tags", list(device.tags)


def _share(device: ShareDevice) -> Iterator[_Field]:
    yield "type", "share"
    yield "share_id", device.share_id
    yield "tag", device.tag
    yield "bus", "none"
    yield "address", "none"
