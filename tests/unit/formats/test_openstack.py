"""The OpenStack format."""

import json
from typing import Any
from uuid import UUID

import pytest

from eve_meta.answer import Metadata, Request, answer
from eve_meta.vm import (
    VM,
    Bus,
    Count,
    DevicePath,
    DiskDevice,
    File,
    Interface,
    JsonObject,
    Line,
    MacAddress,
    MetaItem,
    NicDevice,
    PublicKey,
    ShareDevice,
    Text,
    VendorSource,
    VlanId,
)

MAC = MacAddress("fa:16:3e:00:00:01")
BARE = VM(uuid=UUID(int=1))
CERTIFICATE = Text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----")
NIC = NicDevice(mac=MAC, bus=Bus.PCI, address=Line("0000:00:03.0"), vlan=VlanId(5), vf_trusted=True)


def body(vm: VM, path: str) -> bytes:
    got = answer(Metadata(vm, bytes(32)), Request(b"GET", f"/openstack{path}".encode(), {}), 0, bytes)
    return got.body if got.status == 200 else str(got.status).encode()


def meta_data(vm: VM, version: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(body(vm, f"/{version}/meta_data.json"))
    return parsed


def test_versions() -> None:
    """The versions are nova's, 116 bytes of them."""
    listing = body(BARE, "")

    assert 116 == len(listing)
    assert listing.startswith(b"2012-08-10\n2013-04-04\n")
    assert listing.endswith(b"\n2025-04-04\nlatest")


@pytest.mark.parametrize(
    ("version", "listing"),
    [
        ("2012-08-10", b"meta_data.json\nuser_data"),
        ("2013-04-04", b"meta_data.json\nuser_data\npassword"),
        ("2013-10-17", b"meta_data.json\nuser_data\npassword\nvendor_data.json"),
        ("2015-10-15", b"meta_data.json\nuser_data\npassword\nvendor_data.json\nnetwork_data.json"),
        (
            "latest",
            b"meta_data.json\nuser_data\npassword\nvendor_data.json\nnetwork_data.json\nvendor_data2.json",
        ),
    ],
)
def test_listing(version: str, listing: bytes) -> None:
    """A version lists what nova's does, in its order."""
    vm = VM(uuid=UUID(int=1), user_data=b"", network_data=JsonObject('{"links": []}'))

    assert listing == body(vm, f"/{version}")


def test_no_user_data() -> None:
    """A VM without user data has no such file."""
    assert b"404" == body(BARE, "/latest/user_data")


def test_empty_user_data() -> None:
    """Empty user data are there."""
    assert b"" == body(VM(uuid=UUID(int=1), user_data=b""), "/latest/user_data")


def test_nothing_known_of_addresses() -> None:
    """Without a word on addresses there is no network_data.json: the guest then asks DHCP."""
    assert b"404" == body(VM(uuid=UUID(int=1), interfaces=(Interface(mac=MAC),)), "/latest/network_data.json")


def test_verbatim_network_data() -> None:
    """A network_data.json of the operator's is passed on."""
    vm = VM(uuid=UUID(int=1), network_data=JsonObject('{"links": [], "x": 1}'))

    assert b'{"links": [], "x": 1}' == body(vm, "/latest/network_data.json")


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("2012-08-10", "uuid hostname name launch_index availability_zone"),
        ("2013-04-04", "uuid hostname name launch_index availability_zone random_seed"),
        ("2015-10-15", "uuid hostname name launch_index availability_zone random_seed project_id"),
        ("2016-06-30", "uuid hostname name launch_index availability_zone random_seed project_id devices"),
        (
            "latest",
            "uuid hostname name launch_index availability_zone random_seed project_id devices dedicated_cpus",
        ),
    ],
)
def test_fields(version: str, names: str) -> None:
    """meta_data.json has the fields of its version, in nova's order."""
    assert names.split() == list(meta_data(BARE, version))


def test_all_fields() -> None:
    """What a VM may lack stands where nova puts it."""
    vm = VM(
        uuid=UUID(int=1),
        meta=(MetaItem(Line("a"), Text("é")),),
        files=(File(DevicePath("/a"), b""),),
        public_keys=(PublicKey(Line("k"), Text("ssh-rsa A")),),
    )

    assert body(vm, "/2012-08-10/meta_data.json").startswith(
        b'{"uuid": "00000000-0000-0000-0000-000000000001", "meta": {"a": "\\u00e9"}, '
        b'"files": [{"path": "/a", "content_path": "/content/0000"}], "public_keys": {"k": "ssh-rsa A"}, '
        b'"keys": [{"name": "k", "type": "ssh", "data": "ssh-rsa A"}], "hostname": '
    )


def test_seed() -> None:
    """The seed is 512 bytes in base64."""
    assert 684 == len(meta_data(BARE, "latest")["random_seed"])


def test_certificate() -> None:
    """A certificate is told apart from an SSH key."""
    vm = VM(uuid=UUID(int=1), public_keys=(PublicKey(Line("k"), CERTIFICATE),))

    assert ["x509"] == [key["type"] for key in meta_data(vm, "latest")["keys"]]


WHERE = {"bus": "pci", "address": "0000:00:02.0"}


@pytest.mark.parametrize(
    ("version", "given", "told"),
    [
        ("2016-10-06", {"vlan": 7, "tags": ["a"]}, {"type": "nic", "mac": MAC, **WHERE, "tags": ["a"]}),
        ("2017-02-22", {"vlan": 7}, {"vlan": 7, "type": "nic", "mac": MAC, **WHERE}),
        ("2018-08-27", {}, {"vf_trusted": False, "type": "nic", "mac": MAC, **WHERE}),
        (
            "latest",
            {"vlan": 7, "vf_trusted": True},
            {"vlan": 7, "vf_trusted": True, "type": "nic", "mac": MAC, **WHERE},
        ),
        ("latest", {"bus": Bus.NONE, "tags": ["a"]}, {"bus": "none", "address": "none", "tags": ["a"]}),
    ],
)
def test_nic_device(version: str, given: dict[str, Any], told: dict[str, Any]) -> None:
    """A NIC has its VLAN from Ocata on, its trust from Rocky on, in nova's order."""
    device = NicDevice(**{"mac": MAC, "bus": Bus.PCI, "address": WHERE["address"], **given})
    (record,) = meta_data(VM(uuid=UUID(int=1), devices=(device,)), version)["devices"]

    assert list(told.items()) == list(record.items())[-len(told) :]


@pytest.mark.parametrize("version", ["2016-06-30", "2016-10-06"])
def test_nic_device_of_no_interest(version: str) -> None:
    """A NIC without tags is not told of by versions that know neither its VLAN nor its trust."""
    assert [] == meta_data(VM(uuid=UUID(int=1), devices=(NIC,)), version)["devices"]


def test_disk_device() -> None:
    """A disk has what is known of it."""
    device = DiskDevice(bus=Bus.SCSI, address=Line("0:0:0:1"), serial=Line("s"), tags=(Line("a"),))

    assert [("type", "disk"), ("serial", "s"), ("bus", "scsi"), ("address", "0:0:0:1"), ("tags", ["a"])] == [
        *meta_data(VM(uuid=UUID(int=1), devices=(device,)), "2016-06-30")["devices"][0].items()
    ]


@pytest.mark.parametrize(("version", "count"), [("2020-10-14", 0), ("2025-04-04", 1)])
def test_shares(version: str, count: int) -> None:
    """Shares are there from Epoxy on."""
    vm = VM(uuid=UUID(int=1), devices=(ShareDevice(Line("id"), Line("tag")),))

    assert count == len(meta_data(vm, version)["devices"])


def test_cpus() -> None:
    """Dedicated CPUs are sorted, each once."""
    vm = VM(uuid=UUID(int=1), dedicated_cpus=(Count(3), Count(2), Count(3)))

    assert [2, 3] == meta_data(vm, "latest")["dedicated_cpus"]


@pytest.mark.parametrize(
    ("name", "hostname"),
    [
        ("Web Server_1.prod", "web-server-1-prod"),
        ("-é-", "vm-00000000"),
        ("x" * 70, "x" * 63),
        (None, "vm-00000000"),
    ],
)
def test_hostname_of_name(name: str | None, hostname: str) -> None:
    """A VM without a host name has one made of its name, or of its UUID."""
    vm = VM(uuid=UUID(int=1), name=Line(name) if name else None)

    assert hostname == meta_data(vm, "latest")["hostname"]


def test_vendor_data() -> None:
    """Vendor data are the static source among others."""
    vm = VM(
        uuid=UUID(int=1),
        vendor_data=JsonObject('{"a": 1}'),
        vendor_data2=(VendorSource(Line("é"), "[]"),),
    )

    assert b'{"a": 1}' == body(vm, "/latest/vendor_data.json")
    assert b'{"static": {"a": 1}, "\\u00e9": []}' == body(vm, "/latest/vendor_data2.json")


def test_own_static_source() -> None:
    """A document may tell newer clients something else."""
    vm = VM(uuid=UUID(int=1), vendor_data2=(VendorSource(Line("static"), "[]"),))

    assert b'{"static": []}' == body(vm, "/latest/vendor_data2.json")


def test_content() -> None:
    """Files are found by their numbers."""
    vm = VM(uuid=UUID(int=1), files=(File(DevicePath("/a"), b"a"), File(DevicePath("/b"), b"\0")))

    assert [b"a", b"\0", b"404"] == [body(vm, f"/content/{number}") for number in ("0000", "0001", "0002")]
