"""The EC2 format."""

import json
from ipaddress import IPv4Address, ip_address, ip_interface
from uuid import UUID

import pytest

from eve_meta.answer import Metadata, Request, answer
from eve_meta.vm import (
    VM,
    Ec2,
    Interface,
    Line,
    MacAddress,
    PublicKey,
    StaticAddress,
    Text,
)

ONE = MacAddress("fa:16:3e:00:00:01")
TWO = MacAddress("fa:16:3e:00:00:02")
BARE = VM(uuid=UUID(int=1))
KEYED = VM(uuid=UUID(int=1), public_keys=(PublicKey(Line("my key/1"), Text("ssh-rsa A")),))
MACS = "/latest/meta-data/network/interfaces/macs"


def body(vm: VM, path: str, peer: str = "") -> bytes:
    got = answer(Metadata(vm, bytes(32)), Request(b"GET", path.encode(), {}), 0, bytes, peer)
    return got.body if got.status == 200 else str(got.status).encode()


def zoned(zone: str) -> VM:
    return VM(uuid=UUID(int=1), availability_zone=Line(zone))


def nic(mac: MacAddress, *addresses: str) -> Interface:
    return Interface(mac=mac, addresses=tuple(StaticAddress(address=ip_interface(one)) for one in addresses))


def test_versions() -> None:
    """The list begins as nova's."""
    nova = (
        b"1.0\n2007-01-19\n2007-03-01\n2007-08-29\n2007-10-10\n2007-12-15\n2008-02-01\n2008-09-01\n2009-04-04"
    )

    assert body(BARE, "/").startswith(nova)


@pytest.mark.parametrize(
    ("version", "listing"),
    [
        (
            "1.0",
            (
                "ami-id ami-launch-index ami-manifest-path hostname instance-id local-ipv4 public-keys/ "
                "reservation-id security-groups"
            ),
        ),
        (
            "2009-04-04",
            (
                "ami-id ami-launch-index ami-manifest-path block-device-mapping/ hostname instance-action "
                "instance-id instance-type local-hostname local-ipv4 placement/ public-hostname public-ipv4 "
                "public-keys/ reservation-id security-groups"
            ),
        ),
    ],
)
def test_listing(version: str, listing: str) -> None:
    """A version of nova's lists what nova lists."""
    vm = VM(
        uuid=UUID(int=1),
        availability_zone=Line("eve-1a"),
        public_keys=KEYED.public_keys,
        ec2=Ec2(local_ipv4=IPv4Address("10.0.0.5"), public_ipv4=IPv4Address("203.0.113.7")),
    )

    assert "\n".join(listing.split()) == body(vm, f"/{version}/meta-data/").decode()


@pytest.mark.parametrize("key", ["mac", "network", "services", "tags", "iam", "public-ipv4", "placement"])
def test_unknown_is_absent(key: str) -> None:
    """What is not known is not found."""
    assert b"404" == body(BARE, f"/2009-04-04/meta-data/{key}")


def test_instance_id() -> None:
    """An instance has a name made of its UUID, always the same."""
    assert b"i-" == body(BARE, "/latest/meta-data/instance-id")[:2]
    assert 1 == len({body(BARE, f"/{version}/meta-data/instance-id") for version in ("1.0", "latest")})


def test_instance_ids_differ() -> None:
    """VMs whose UUIDs differ at the end have other names."""
    other = VM(uuid=UUID(int=2))

    assert body(BARE, "/latest/meta-data/instance-id") != body(other, "/latest/meta-data/instance-id")


def test_public_keys() -> None:
    """A key's name has nothing that clients split at."""
    assert b"0=my_key_1" == body(KEYED, "/latest/meta-data/public-keys/")
    assert b"openssh-key" == body(KEYED, "/latest/meta-data/public-keys/0/")
    assert b"ssh-rsa A" == body(KEYED, "/latest/meta-data/public-keys/0/openssh-key")


def test_certificates_are_no_ssh_keys() -> None:
    """Certificates, which no SSH client can read, are left out."""
    vm = VM(uuid=UUID(int=1), public_keys=(PublicKey(Line("a"), Text("-----BEGIN CERTIFICATE-----\n")),))

    assert b"404" == body(vm, "/latest/meta-data/public-keys")


@pytest.mark.parametrize(
    ("zone", "region"), [("eve-1a", b"eve-1"), ("nova", b"nova"), ("rack-12", b"rack-12"), ("a", b"a")]
)
def test_region(zone: str, region: bytes) -> None:
    """The region is the zone without the letter behind its number."""
    assert region == body(zoned(zone), "/latest/meta-data/placement/region")


@pytest.mark.parametrize(
    ("version", "listing"),
    [
        ("2008-02-01", b"availability-zone"),
        ("2019-10-01", b"availability-zone\navailability-zone-id"),
        ("2020-10-27", b"availability-zone\navailability-zone-id\nregion"),
    ],
)
def test_placement(version: str, listing: bytes) -> None:
    """Each version of AWS's has more on the place."""
    assert listing == body(zoned("eve-1a"), f"/{version}/meta-data/placement")


@pytest.mark.parametrize(
    ("version", "services"), [("2014-02-25", b"domain"), ("2015-10-20", b"domain\npartition")]
)
def test_services(version: str, services: bytes) -> None:
    """The names of services came one after the other."""
    assert services == body(BARE, f"/{version}/meta-data/services")


def test_local_ipv4() -> None:
    """The VM's address is the first static one of its NICs."""
    vm = VM(uuid=UUID(int=1), interfaces=(nic(ONE, "2001:db8::5/64", "10.0.0.5/24"), nic(TWO, "10.0.1.5/24")))

    assert b"10.0.0.5" == body(vm, "/latest/meta-data/local-ipv4")


@pytest.mark.parametrize(
    ("interfaces", "told"),
    [
        ((nic(ONE, "10.0.0.5/24", "2001:db8::5/64", "2001:db8::6/64"),), b"2001:db8::5"),
        ((nic(ONE, "10.0.0.5/24"), nic(TWO, "2001:db8::5/64")), b"404"),
        ((), b"404"),
    ],
)
def test_ipv6(interfaces: tuple[Interface, ...], told: bytes) -> None:
    """The VM's IPv6 address is the first of its first NIC, as on AWS."""
    assert told == body(VM(uuid=UUID(int=1), interfaces=interfaces), "/2021-01-03/meta-data/ipv6")


@pytest.mark.parametrize("peer", ["10.0.0.9", "::ffff:10.0.0.9"])
@pytest.mark.parametrize("interfaces", [(), (nic(ONE),), (nic(ONE, "2001:db8::5/64"),)])
def test_address_of_the_guest(interfaces: tuple[Interface, ...], peer: str) -> None:
    """If nothing is known of the one NIC, the VM's address is the one that its guest asks from."""
    vm = VM(uuid=UUID(int=1), interfaces=interfaces)
    nics = {nic.mac for nic in interfaces}

    assert b"10.0.0.9" == body(vm, "/latest/meta-data/local-ipv4", peer)
    assert b"local-ipv4\n" in body(vm, "/latest/meta-data/", peer)
    assert {b"10.0.0.9"} >= {body(vm, f"{MACS}/{mac}/local-ipv4s", peer) for mac in nics}
    assert b'"privateIp": "10.0.0.9"' in body(vm, "/latest/dynamic/instance-identity/document", peer)


@pytest.mark.parametrize("peer", ["", "fe80::1%3", "2001:db8::9", "nonsense"])
def test_no_address_of_the_guest(peer: str) -> None:
    """An IPv6 guest tells none."""
    assert b"404" == body(BARE, "/latest/meta-data/local-ipv4", peer)
    assert b"local-ipv4" not in body(BARE, "/latest/meta-data/", peer)


@pytest.mark.parametrize(
    ("interfaces", "known"),
    [((nic(ONE, "10.0.0.5/24"),), b"10.0.0.5"), ((nic(ONE), nic(TWO)), b"404")],
)
def test_address_of_no_matter(interfaces: tuple[Interface, ...], known: bytes) -> None:
    """The address of the guest does not count where another is known, or where it could be any NIC's."""
    assert known == body(
        VM(uuid=UUID(int=1), interfaces=interfaces), "/latest/meta-data/local-ipv4", "10.0.0.9"
    )


def test_macs() -> None:
    """Each NIC has a directory."""
    vm = VM(uuid=UUID(int=1), interfaces=(nic(TWO), nic(ONE)))

    assert f"{ONE}/\n{TWO}/".encode() == body(vm, MACS)
    assert b"0" == body(vm, f"{MACS}/{TWO}/device-number")


def test_nic_addresses() -> None:
    """A NIC's addresses and networks stand one a line; the first network counts."""
    vm = VM(uuid=UUID(int=1), interfaces=(nic(ONE, "10.0.0.5/24", "10.0.1.6/16", "2001:db8::5/64"),))

    assert b"10.0.0.5\n10.0.1.6" == body(vm, f"{MACS}/{ONE}/local-ipv4s")
    assert b"10.0.0.0/24" == body(vm, f"{MACS}/{ONE}/subnet-ipv4-cidr-block")
    assert b"2001:db8::5" == body(vm, f"{MACS}/{ONE}/ipv6s")
    assert b"2001:db8::/64" == body(vm, f"{MACS}/{ONE}/subnet-ipv6-cidr-blocks")


def test_nic_without_addresses() -> None:
    """The first NIC has the VM's own address if no other is known."""
    vm = VM(uuid=UUID(int=1), interfaces=(nic(ONE), nic(TWO)), ec2=Ec2(local_ipv4=IPv4Address("10.0.0.5")))

    assert b"10.0.0.5" == body(vm, f"{MACS}/{ONE}/local-ipv4s")
    assert b"404" == body(vm, f"{MACS}/{TWO}/local-ipv4s")


def test_associations() -> None:
    """A public address leads to the private one behind it."""
    public = IPv4Address("203.0.113.7")
    vm = VM(uuid=UUID(int=1), interfaces=(nic(ONE, "10.0.0.5/24"),), ec2=Ec2(public_ipv4=public))

    assert b"10.0.0.5" == body(vm, f"{MACS}/{ONE}/ipv4-associations/{public}")


def test_vpc_is_the_projects() -> None:
    """Two VMs of a project are on one network."""
    vms = (VM(uuid=UUID(int=n), project_id=Line("p"), interfaces=(nic(ONE),)) for n in (1, 2))

    assert 1 == len({body(vm, f"{MACS}/{ONE}/vpc-id") for vm in vms})


def test_identity_document() -> None:
    """The identity document says what the leaves say."""
    vm = VM(uuid=UUID(int=1), availability_zone=Line("eve-1a"), interfaces=(nic(ONE, "10.0.0.5/24"),))
    document = json.loads(body(vm, "/latest/dynamic/instance-identity/document"))

    assert body(vm, "/latest/meta-data/instance-id").decode() == document["instanceId"]
    assert ("eve-1", str(ip_address("10.0.0.5"))) == (document["region"], document["privateIp"])


@pytest.mark.parametrize(
    ("version", "listing", "document"),
    [
        ("2008-09-01", b"meta-data/", b"404"),
        ("2009-04-04", b"meta-data/", b"{"),
        ("2011-01-01", b"dynamic/\nmeta-data/", b"{"),
    ],
)
def test_dynamic_gating(version: str, listing: bytes, document: bytes) -> None:
    """The identity document is there as in AWS, and listed where no version of nova's would list it."""
    assert listing == body(BARE, f"/{version}")
    assert body(BARE, f"/{version}/dynamic/instance-identity/document").startswith(document)
