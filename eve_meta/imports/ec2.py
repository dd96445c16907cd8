"""The EC2 format's meta-data.json, which nova puts on a config drive, too -> `ec2`.

Source: nova `api/metadata/base.py`, `get_ec2_metadata`.
"""

from eve_meta.document import scalars
from eve_meta.document.addresses import ipv4
from eve_meta.imports.record import Record

_LINES = {
    "ami-id": "ami_id",
    "instance-type": "instance_type",
    "reservation-id": "reservation_id",
    "kernel-id": "kernel_id",
    "ramdisk-id": "ramdisk_id",
}
_ADDRESSES = {"local-ipv4": "local_ipv4", "public-ipv4": "public_ipv4"}
_TOLD_ELSEWHERE = (
    "ami-launch-index",
    "ami-manifest-path",
    "hostname",
    "instance-action",
    "local-hostname",
    "placement",
    "public-hostname",
    "public-keys",
    "ancestor-ami-ids",
    "product-codes",
)
"""meta_data.json says it, or it is the same for all."""


def ec2_of(data: Record) -> dict[str, object]:
    """The document's field.

    Raises:
        SourceError: it cannot be read.
    """
    made: dict[str, object] = {"instance_id": data.take("instance-id", scalars.instance_id)}
    made |= {ours: data.take(theirs, scalars.line) for theirs, ours in _LINES.items()}
    made["security_groups"] = data.take("security-groups", _lines)
    made["block_device_mapping"] = _mapping(data.record("block-device-mapping"))
    made |= {ours: _address(data, theirs) for theirs, ours in _ADDRESSES.items()}
    data.skip(*_TOLD_ELSEWHERE)
    data.tell_rest()
    given = {name: value for name, value in made.items() if value}
    return {"ec2": given} if given else {}


def _lines(value: object) -> list[str]:
    return [scalars.line(each) for each in (value if isinstance(value, list) else [value])]


def _mapping(roles: Record) -> dict[str, str]:
    return {name: roles.need(name, scalars.line) for name in roles.names()}


def _address(data: Record, name: str) -> str | None:
    address = data.take(name, ipv4)
    return None if address is None else str(address)
