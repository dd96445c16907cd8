"""`network/interfaces/macs/` of the EC2 tree: a directory for each NIC.

cloud-init configures the network from it; without `vpc-id` it takes the instance for one of "EC2 classic".
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html; cloud-init
`sources/DataSourceEc2.py`, `convert_ec2_metadata_network_config`.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface

from attrs import frozen

from eve_meta.formats import derived
from eve_meta.formats.keys import Key, directory, holding, keyed, lines, text
from eve_meta.tree import Directory, Leaf
from eve_meta.vm import VM, Interface, IPNetwork, StaticAddress


@frozen
class _Nic:
    """A NIC of a VM, with its number there."""

    vm: VM
    number: int
    interface: Interface


def macs(vm: VM, version: str) -> Directory:
    """The NICs as a version knows them."""
    nics = (_Nic(vm, number, interface) for number, interface in enumerate(vm.interfaces))
    return holding((nic.interface.mac, directory(_KEYS, nic, version)) for nic in nics)


def _addresses(nic: _Nic) -> tuple[IPv4Interface | IPv6Interface, ...]:
    return tuple(one.address for one in nic.interface.addresses if isinstance(one, StaticAddress))


def _local_ipv4s(nic: _Nic) -> list[IPv4Address]:
    """Static ones; of the first NIC, the VM's own one if nothing else is known."""
    static = [address.ip for address in _addresses(nic) if isinstance(address, IPv4Interface)]
    given = nic.vm.ec2.local_ipv4
    return [given] if not static and given and nic.number == 0 else static


def _public_ipv4(nic: _Nic) -> IPv4Address | None:
    given = nic.vm.ec2.public_ipv4 if nic.number == 0 else None
    return nic.interface.public_ipv4 or given


def _ipv4_associations(nic: _Nic, _version: str) -> Directory | None:
    public, local = _public_ipv4(nic), _local_ipv4s(nic)
    if not public or not local:
        return None
    return holding([(str(public), Leaf(str(local[0]).encode()))])


def _ipv6s(nic: _Nic) -> list[object]:
    return [address.ip for address in _addresses(nic) if isinstance(address, IPv6Interface)]


def _ipv4_subnets(nic: _Nic) -> list[IPNetwork]:
    return [address.network for address in _addresses(nic) if isinstance(address, IPv4Interface)]


def _ipv6_subnets(nic: _Nic) -> list[IPNetwork]:
    return [address.network for address in _addresses(nic) if isinstance(address, IPv6Interface)]


def _subnet(nic: _Nic) -> IPNetwork | None:
    return next(iter(_ipv4_subnets(nic)), None)


def _subnet_id(nic: _Nic) -> str | None:
    subnets = _ipv4_subnets(nic) or _ipv6_subnets(nic)
    return derived.identifier("subnet", derived.vpc_id(nic.vm), subnets[0]) if subnets else None


def _group_ids(nic: _Nic) -> list[str]:
    vpc = derived.vpc_id(nic.vm)
    return [derived.identifier("sg", vpc, group) for group in derived.security_groups(nic.vm)]


_KEYS: Mapping[str, Key[_Nic]] = keyed(
    Key("device-number", "2011-01-01", text(lambda nic: nic.number)),
    Key(
        "interface-id",
        "2011-01-01",
        text(lambda nic: derived.identifier("eni", nic.vm.uuid, nic.interface.mac)),
    ),
    Key("ipv4-associations", "2011-01-01", _ipv4_associations),
    Key("local-hostname", "2011-01-01", text(lambda nic: derived.hostname(nic.vm))),
    Key("local-ipv4s", "2011-01-01", lines(_local_ipv4s)),
    Key("mac", "2011-01-01", text(lambda nic: nic.interface.mac)),
    Key("owner-id", "2011-01-01", text(lambda nic: nic.vm.project_id)),
    Key("public-hostname", "2011-01-01", text(lambda nic: _public_ipv4(nic) and derived.hostname(nic.vm))),
    Key("public-ipv4s", "2011-01-01", text(_public_ipv4)),
    Key("security-group-ids", "2011-01-01", lines(_group_ids)),
    Key("security-groups", "2011-01-01", lines(lambda nic: derived.security_groups(nic.vm))),
    Key("subnet-id", "2011-01-01", text(_subnet_id)),
    Key("subnet-ipv4-cidr-block", "2011-01-01", text(_subnet)),
    Key("vpc-id", "2011-01-01", text(lambda nic: derived.vpc_id(nic.vm))),
    Key("ipv6s", "2016-06-30", lines(_ipv6s)),
    Key("subnet-ipv6-cidr-blocks", "2016-06-30", lines(_ipv6_subnets)),
)
