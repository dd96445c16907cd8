"""`meta-data/` of the EC2 tree: what is told of the instance.

Source: nova `api/metadata/base.py`, `get_ec2_metadata`, for the keys up to 2009-04-04;
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html for the others.
"""

from collections.abc import Mapping

from eve_meta.formats import derived
from eve_meta.formats.keys import Key, directory, holding, keyed, lines, text
from eve_meta.formats.macs import macs
from eve_meta.tree import Directory, Entry, Leaf, Node
from eve_meta.vm import VM, PublicKey


def instance_metadata(vm: VM, version: str) -> Directory:
    """The directory as a version knows it."""
    return directory(_KEYS, vm, version)


def _public_keys(vm: VM, _version: str) -> Directory | None:
    """`0=name` for each SSH key, and the key at `0/openssh-key`."""
    ssh_keys = (key for key in vm.public_keys if not key.is_certificate)
    keys = {str(number): key for number, key in enumerate(ssh_keys)}
    return Directory(keys, lambda name: _public_key(name, keys[name])) if keys else None


def _public_key(number: str, key: PublicKey) -> Entry:
    return Entry(f"{number}={key.index_name}", lambda: holding([("openssh-key", Leaf(key.text.encode()))]))


def _block_devices(vm: VM, _version: str) -> Directory:
    return holding((disk.role, Leaf(disk.device.encode())) for disk in derived.block_devices(vm))


def _placement(vm: VM, version: str) -> Directory | None:
    return directory(_PLACEMENT, vm, version) if vm.availability_zone else None


def _services(vm: VM, version: str) -> Directory:
    return directory(_SERVICES, vm, version)


def _tags(vm: VM, _version: str) -> Directory | None:
    instance = holding((tag.key, Leaf(tag.value.encode())) for tag in vm.ec2.tags)
    return holding([("instance", instance)]) if vm.ec2.tags else None


def _network(vm: VM, version: str) -> Node | None:
    interfaces = holding([("macs", macs(vm, version))])
    return holding([("interfaces", interfaces)]) if vm.interfaces else None


def _first_mac(vm: VM) -> str | None:
    return vm.interfaces[0].mac if vm.interfaces else None


def _zone(vm: VM) -> str | None:
    return vm.availability_zone


_PLACEMENT = keyed(
    Key("availability-zone", "2008-02-01", text(_zone)),
    Key("availability-zone-id", "2019-10-01", text(_zone)),
    Key("region", "2020-08-24", text(derived.region)),
)

_SERVICES: Mapping[str, Key[VM]] = keyed(
    Key("domain", "2014-02-25", text(lambda _: "amazonaws.com")),
    Key("partition", "2015-10-20", text(lambda _: "aws")),
)
"""What clients compare with, to build the names of services that are not here."""

_KEYS: Mapping[str, Key[VM]] = keyed(
    Key("ami-id", "1.0", text(derived.ami_id)),
    Key("ami-launch-index", "1.0", text(lambda vm: vm.launch_index)),
    Key("ami-manifest-path", "1.0", text(lambda _: "FIXME")),
    Key("hostname", "1.0", text(derived.hostname)),
    Key("instance-id", "1.0", text(derived.instance_id)),
    Key("local-ipv4", "1.0", text(derived.local_ipv4)),
    Key("public-keys", "1.0", _public_keys),
    Key("reservation-id", "1.0", text(derived.reservation_id)),
    Key("security-groups", "1.0", lines(derived.security_groups)),
    Key("local-hostname", "2007-01-19", text(derived.hostname)),
    Key("public-hostname", "2007-01-19", text(derived.hostname)),
    Key("public-ipv4", "2007-01-19", text(derived.public_ipv4)),
    Key("instance-type", "2007-08-29", text(derived.instance_type)),
    Key("block-device-mapping", "2007-12-15", _block_devices),
    Key("kernel-id", "2007-12-15", text(lambda vm: vm.ec2.kernel_id)),
    Key("ramdisk-id", "2007-12-15", text(lambda vm: vm.ec2.ramdisk_id)),
    Key("placement", "2008-02-01", _placement),
    Key("instance-action", "2008-09-01", text(lambda _: "none")),
    Key("mac", "2011-01-01", text(_first_mac)),
    Key("network", "2011-01-01", _network),
    Key("services", "2014-02-25", _services),
    Key("ipv6", "2021-01-03", text(derived.ipv6)),
    Key("tags", "2021-03-23", _tags),
)
"""The literal values are nova's."""
