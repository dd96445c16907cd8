"""What the formats derive from a VM where its document is silent: always the same from the same VM."""

import hashlib
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from uuid import UUID, uuid5

from attrs import evolve

from eve_meta.vm import VM, BlockDevice, Interface, IPAddress, Line, StaticAddress, TagKey

_LABEL_LENGTH = 63
_IDENTIFIER_DIGITS = 8
_INSTANCE_TYPE = "custom"
_SECURITY_GROUP = "default"
_BLOCK_DEVICES = (BlockDevice(TagKey("ami"), Line("vda")), BlockDevice(TagKey("root"), Line("/dev/vda")))


def name(vm: VM) -> str:
    """The display name."""
    return vm.name or hostname(vm)


def hostname(vm: VM) -> str:
    """The host name, made of the display name: one label in lower case.

    Source: nova `utils.sanitize_hostname`.
    """
    if vm.hostname is not None:
        return vm.hostname
    label = re.sub(r"[^a-z0-9-]", "", re.sub(r"[ _.]", "-", (vm.name or "").lower()))
    return label.strip("-")[:_LABEL_LENGTH].strip("-") or f"vm-{vm.uuid.hex[:8]}"


def identifier(kind: str, *parts: object) -> str:
    """An EC2 identifier, `i-0123abcd`, of what the parts name.

    Eight digits as in nova; hashed, since UUIDs made one after the other may differ at their end alone.
    """
    digest = hashlib.sha256("/".join(map(str, (kind, *parts))).encode()).hexdigest()
    return f"{kind}-{digest[:_IDENTIFIER_DIGITS]}"


def uuid_of(vm: VM, part: str) -> UUID:
    """A UUID for a part of this VM that has none of its own."""
    return uuid5(vm.uuid, part)


def instance_id(vm: VM) -> str:
    """The EC2 name of the VM."""
    return vm.ec2.instance_id or identifier("i", vm.uuid)


def ami_id(vm: VM) -> str:
    """The EC2 name of its image."""
    return vm.ec2.ami_id or identifier("ami", vm.uuid)


def reservation_id(vm: VM) -> str:
    """The EC2 name of the request that made the VM."""
    return vm.ec2.reservation_id or identifier("r", vm.uuid)


def vpc_id(vm: VM) -> str:
    """The EC2 name of its network: one for each project."""
    return identifier("vpc", vm.project_id or vm.uuid)


def instance_type(vm: VM) -> str:
    """The flavor."""
    return vm.ec2.instance_type or _INSTANCE_TYPE


def security_groups(vm: VM) -> tuple[str, ...]:
    """At least one, as every instance has in OpenStack as well as on AWS."""
    return vm.ec2.security_groups or (_SECURITY_GROUP,)


def block_devices(vm: VM) -> tuple[BlockDevice, ...]:
    """The disks by role: the first virtio disk unless the document knows better."""
    return vm.ec2.block_device_mapping or _BLOCK_DEVICES


def local_ipv4(vm: VM) -> IPv4Address | None:
    """The VM's own address: the first that is known."""
    known = (address for nic in vm.interfaces for address in _static_addresses(nic))
    return vm.ec2.local_ipv4 or next((each for each in known if isinstance(each, IPv4Address)), None)


def ipv6(vm: VM) -> IPv6Address | None:
    """The first IPv6 address of the first NIC."""
    known = (address for nic in vm.interfaces[:1] for address in _static_addresses(nic))
    return next((each for each in known if isinstance(each, IPv6Address)), None)


def _static_addresses(interface: Interface) -> Iterator[IPAddress]:
    return (one.address.ip for one in interface.addresses if isinstance(one, StaticAddress))


def seen_from(vm: VM, peer: str) -> VM:
    """The VM as its guest is told that asks from an address: its own, if none is known of its one NIC.

    Source: nova `api/metadata/base.py`, `get_ec2_metadata`.
    """
    if len(vm.interfaces) > 1 or local_ipv4(vm) is not None:
        return vm
    address = _ipv4(peer)
    return vm if address is None else evolve(vm, ec2=evolve(vm.ec2, local_ipv4=address))


def address_of(peer: str) -> str:
    """The address as the guest has it."""
    return str(_ipv4(peer) or peer)


def _ipv4(peer: str) -> IPv4Address | None:
    """The address of an IPv4 guest, which a socket of both families writes as one of IPv6."""
    try:
        address = ip_address(peer)
    except ValueError:
        return None
    return address if isinstance(address, IPv4Address) else address.ipv4_mapped


def public_ipv4s(vm: VM) -> tuple[IPv4Address, ...]:
    """The addresses under which others reach the VM, each once."""
    known = (vm.ec2.public_ipv4, *(interface.public_ipv4 for interface in vm.interfaces))
    return tuple(dict.fromkeys(address for address in known if address is not None))


def public_ipv4(vm: VM) -> IPv4Address | None:
    """The first of them."""
    return next(iter(public_ipv4s(vm)), None)


def region(vm: VM) -> str | None:
    """`eve-1` of the zone `eve-1a`, as clients derive it; a zone named otherwise is a region by itself."""
    return vm.availability_zone and re.sub(r"(?<=[0-9])[a-z]$", "", vm.availability_zone)
