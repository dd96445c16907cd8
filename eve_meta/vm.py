"""What is known of one VM, as frozen values.

Whoever builds these by hand vouches for them: the checks stand where outside data enters (`document`).
Text that goes to a guest has a type of its own for each set of rules it was checked against.
"""

import re
from enum import Enum, IntEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import NewType
from uuid import UUID

from attrs import field, frozen

IPAddress = IPv4Address | IPv6Address
IPInterface = IPv4Interface | IPv6Interface
IPNetwork = IPv4Network | IPv6Network

Line = NewType("Line", str)
"""Text that is not empty, on one line and without control characters."""

Text = NewType("Text", str)
"""Text without control characters other than tabs and line breaks."""

Hostname = NewType("Hostname", str)
"""Labels of letters, digits and inner hyphens, joined by dots. Source: RFC 1123 section 2.1."""

MacAddress = NewType("MacAddress", str)
"""Six lower-case hexadecimal octets joined by colons."""

InstanceId = NewType("InstanceId", str)
"""`i-` and letters or digits: CirrOS waits 40 s for this prefix. Source: cirros `src/lib/cirros/ds/ec2`."""

TagKey = NewType("TagKey", str)
"""A path component that no client splits."""

DevicePath = NewType("DevicePath", str)
"""An absolute path in the guest."""

JsonObject = NewType("JsonObject", str)
"""JSON text of an object, as it is served."""

CERTIFICATE = "-----BEGIN CERTIFICATE-----"
"""How a certificate in PEM begins. Source: RFC 7468 section 5.1."""

Mtu = NewType("Mtu", int)
Count = NewType("Count", int)
"""A whole number from 0."""
VlanId = NewType("VlanId", int)
HopLimit = NewType("HopLimit", int)


class Family(IntEnum):
    """A version of the Internet Protocol."""

    IPV4 = 4
    IPV6 = 6


class Bus(Enum):
    """Where a device is plugged. Source: nova `objects/virt_device_metadata.py`."""

    PCI = "pci"
    USB = "usb"
    SCSI = "scsi"
    IDE = "ide"
    XEN = "xen"
    NONE = "none"


class Tokens(Enum):
    """Whether a guest must show a session token."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class Endpoint(Enum):
    """Whether a guest is told anything."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@frozen
class MetaItem:
    """A key of `meta`."""

    key: Line
    value: Text


@frozen
class PublicKey:
    """A key that the guest lets in; `text` is an OpenSSH public key or an X.509 certificate in PEM."""

    name: Line
    text: Text

    @property
    def is_certificate(self) -> bool:
        """Whether it is an X.509 certificate, which serves Windows alone."""
        return self.text.startswith(CERTIFICATE)

    @property
    def index_name(self) -> str:
        """The name where clients split lines at blanks, `=` or `/`: those become `_`."""
        return re.sub(r"[\s/=]", "_", self.name)


@frozen
class File:
    """A file that the guest is asked to write."""

    path: DevicePath
    content: bytes = field(repr=False)


@frozen
class VendorSource:
    """One part of vendor_data2.json."""

    name: Line
    json: str


@frozen(kw_only=True)
class NicDevice:
    """A NIC as the guest finds it on a bus; on none it has no address."""

    mac: MacAddress
    bus: Bus
    address: Line | None = None
    tags: tuple[Line, ...] = ()
    vlan: VlanId | None = None
    vf_trusted: bool | None = None


@frozen(kw_only=True)
class DiskDevice:
    """A disk as the guest finds it on a bus; on none it has no address."""

    bus: Bus
    address: Line | None = None
    serial: Line | None = None
    path: Line | None = None
    tags: tuple[Line, ...] = ()


@frozen
class ShareDevice:
    """A shared file system that the guest can mount by its tag."""

    share_id: Line
    tag: Line


Device = NicDevice | DiskDevice | ShareDevice


@frozen
class DhcpAddress:
    """The guest asks DHCP."""

    dhcp: Family


@frozen
class SlaacAddress:
    """The guest makes its IPv6 address from router advertisements."""


@frozen
class Route:
    """A way to a network through a neighbour of the same family."""

    to: IPNetwork
    via: IPAddress


@frozen(kw_only=True)
class StaticAddress:
    """An address the guest sets by itself, with what it needs to use it."""

    address: IPInterface
    gateway: IPAddress | None = None
    routes: tuple[Route, ...] = ()
    dns: tuple[IPAddress, ...] = ()


Address = DhcpAddress | SlaacAddress | StaticAddress


@frozen(kw_only=True)
class Interface:
    """A NIC as the guest sees it."""

    mac: MacAddress
    name: Line | None = None
    mtu: Mtu | None = None
    public_ipv4: IPv4Address | None = None
    addresses: tuple[Address, ...] = ()


@frozen
class Tag:
    """A tag of the instance."""

    key: TagKey
    value: str


@frozen
class BlockDevice:
    """A disk by its role: `ami`, `root`, `swap`, `ephemeral0`, `ebs1`."""

    role: TagKey
    device: Line


@frozen(kw_only=True)
class Ec2:
    """What only the EC2 format tells; what is not given is derived from the rest or left out."""

    instance_id: InstanceId | None = None
    ami_id: Line | None = None
    instance_type: Line | None = None
    reservation_id: Line | None = None
    security_groups: tuple[Line, ...] = ()
    kernel_id: Line | None = None
    ramdisk_id: Line | None = None
    block_device_mapping: tuple[BlockDevice, ...] = ()
    local_ipv4: IPv4Address | None = None
    public_ipv4: IPv4Address | None = None
    tags: tuple[Tag, ...] = ()


@frozen(kw_only=True)
class Eve:
    """Where the VM runs, as EVE has it: which only its own format tells."""

    device_uuid: UUID | None = None
    device_name: Line | None = None
    project_uuid: UUID | None = None
    project_name: Line | None = None
    enterprise_id: Line | None = None
    enterprise_name: Line | None = None


@frozen
class Service:
    """How this VM is served.

    Attributes:
        tokens: whether requests must carry a session token.
        hop_limit: IP TTL of the answer that carries a token.
        endpoint: if disabled, every request is refused.
    """

    tokens: Tokens = Tokens.OPTIONAL
    hop_limit: HopLimit = HopLimit(1)
    endpoint: Endpoint = Endpoint.ENABLED


@frozen(kw_only=True)
class VM:
    """One VM.

    Attributes:
        uuid: the VM's SMBIOS UUID, by which cloud-init knows its cache is good.
        user_data: None: the VM has none, which differs from empty.
        network_data: network_data.json as the operator wrote it, instead of `interfaces`.
    """

    uuid: UUID
    name: Line | None = None
    hostname: Hostname | None = None
    project_id: Line | None = None
    availability_zone: Line | None = None
    launch_index: Count = Count(0)
    meta: tuple[MetaItem, ...] = ()
    public_keys: tuple[PublicKey, ...] = ()
    user_data: bytes | None = field(default=None, repr=False)
    vendor_data: JsonObject | None = None
    vendor_data2: tuple[VendorSource, ...] = ()
    files: tuple[File, ...] = ()
    devices: tuple[Device, ...] = ()
    dedicated_cpus: tuple[Count, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    network_data: JsonObject | None = None
    ec2: Ec2 = Ec2()
    eve: Eve = Eve()
    service: Service = Service()
