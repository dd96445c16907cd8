"""OpenStack's files, of a config drive and by themselves."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from eve_meta.answer import Metadata, Request, answer, paths
from eve_meta.document import parse
from eve_meta.imports.openstack import openstack
from eve_meta.imports.place import Files, SourceError
from tests.fuzz.documents import DOCUMENTS
from tests.support import EXAMPLE

MADE = UUID("6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11")
META_DATA = "openstack/latest/meta_data.json"
NETWORK_DATA = "openstack/latest/network_data.json"
KEY = "ssh-ed25519 AAAA alice"


def drive_of(document: object) -> dict[str, bytes]:
    """The config drive that says what a document does."""
    metadata = Metadata(parse(document), b"")
    names = [
        path for path in paths(metadata) if path.startswith(("/openstack/latest/", "/openstack/content/"))
    ]
    names = [*names, *(f"/openstack/content/{number:04}" for number in range(len(metadata.vm.files)))]
    answers = {name: answer(metadata, Request(b"GET", name.encode(), {}), 0, bytes) for name in names}
    return {
        name.removeprefix("/"): each.body
        for name, each in answers.items()
        if each.status == 200 and not name.endswith("/password")
    }


def drive(**meta_data: Any) -> dict[str, bytes]:
    return {META_DATA: json.dumps({"uuid": str(MADE), **meta_data}).encode()}


def with_network(*links: dict[str, Any], networks: object = (), **more: object) -> dict[str, bytes]:
    data = {"links": list(links), "networks": list(networks), **more}  # type: ignore[call-overload]
    return {**drive(), NETWORK_DATA: json.dumps(data).encode()}


def document_of(files: Files) -> dict[str, object]:
    """What files make, when nothing of them is lost."""
    made = openstack(files)
    assert () == made.notes
    return made.document


@given(DOCUMENTS)
def test_round_trip(document: dict[str, Any]) -> None:
    """What is rendered of a document makes a document that renders the same, to the byte."""
    files = drive_of(document)

    assert files == drive_of(document_of(files))


def test_the_example_comes_back() -> None:
    """All of it but what the OpenStack format has no word for."""
    lost = {"ec2", "eve", "service", "launch_index"}
    expected = {name: value for name, value in EXAMPLE.items() if name not in lost}
    expected["interfaces"] = [
        {name: it for name, it in each.items() if name != "public_ipv4"} for each in EXAMPLE["interfaces"]
    ]

    assert expected == document_of(drive_of(EXAMPLE))


@pytest.mark.parametrize(
    ("meta_data", "field"),
    [
        ({"hostname": "web"}, {"hostname": "web"}),
        ({"name": None, "launch_index": 3}, {"launch_index": 3}),
        ({"meta": {"a": ""}}, {"meta": {"a": ""}}),
        ({"keys": [{"name": "a", "type": "ssh", "data": KEY}]}, {"public_keys": {"a": KEY}}),
        ({"public_keys": {"a": f"{KEY}\n"}}, {"public_keys": {"a": KEY}}),
        ({"random_seed": "abc="}, {}),
    ],
)
def test_meta_data(meta_data: dict[str, Any], field: dict[str, object]) -> None:
    assert {"uuid": str(MADE), **field} == document_of(drive(**meta_data))


@pytest.mark.parametrize(
    ("files", "note"),
    [
        (drive(admin_pass="secret"), f"{META_DATA}: admin_pass: has no place in a document: left out"),
        (
            drive(network_config={"content_path": "/content/0000"}),
            f"{META_DATA}: network_config: is a file for /etc/network/interfaces: left out",
        ),
        (
            drive(files=[{"path": "/a", "content_path": "/content/0000"}]),
            f"{META_DATA}: files[0].content_path: /content/0000 is not there: the file /a is left out",
        ),
        (
            drive(devices=[{"type": "tpm"}]),
            f"{META_DATA}: devices[0]: is of type 'tpm': left out",
        ),
        (
            drive(public_keys={"a": KEY}, keys=[{"name": "a", "type": "ssh", "data": f"{KEY}2"}]),
            f"{META_DATA}: keys[0]: is another key than that of public_keys, 'a': left out",
        ),
        (
            {**drive(), "openstack/latest/vendor_data.json": b'"#!/bin/sh"'},
            "openstack/latest/vendor_data.json: is no mapping, and becomes one with 'cloud-init'",
        ),
        (
            with_network(services=[{}]),
            f"{NETWORK_DATA}: links: is empty, so that there is no network to tell of",
        ),
    ],
)
def test_what_is_lost_is_told(files: Files, note: str) -> None:
    (told,) = openstack(files).notes

    assert told.startswith(note)


def test_another_uuid() -> None:
    made = openstack(drive(), UUID(int=1))

    assert str(UUID(int=1)) == made.document["uuid"]
    told = f"uuid: was '{MADE}' and becomes {UUID(int=1)}: to cloud-init the guest is a new instance"
    assert (f"{META_DATA}: {told}",) == made.notes


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({META_DATA: b"["}, f"{META_DATA}: is not YAML: "),
        ({META_DATA: b"[]"}, f"{META_DATA}: expected a mapping, got a list"),
        ({META_DATA: b"\xff"}, f"{META_DATA}: is not UTF-8 text: see byte 0"),
        ({META_DATA: b"{}"}, f"{META_DATA}: uuid: is not there, so give the VM's SMBIOS UUID by --uuid"),
        (drive(hostname="a b"), f"{META_DATA}: hostname: 'a b' is no label of a host name"),
        (drive(meta={"a": 1}), f"{META_DATA}: meta.a: expected text, got the number 1"),
        (drive(keys=[{"name": "a"}]), f"{META_DATA}: keys[0].data: is required"),
        (drive(files=[{"path": "/a"}]), f"{META_DATA}: files[0].content_path: is required"),
        (drive(files={}), f"{META_DATA}: files: expected a list, got a mapping"),
        ({**drive(), NETWORK_DATA: b"[]"}, f"{NETWORK_DATA}: expected a mapping, got a list"),
        (with_network({"id": "a"}), f"{NETWORK_DATA}: links[0].type: is required"),
        (
            with_network({"id": "a", "type": "phy"}),
            f"{NETWORK_DATA}: links[0].ethernet_mac_address: is required of a link of type 'phy'",
        ),
    ],
)
def test_what_is_wrong_is_named(files: Files, message: str) -> None:
    with pytest.raises(SourceError) as raised:
        openstack(files)

    assert str(raised.value).startswith(message)


NIC = {"id": "tap1", "type": "ovs", "ethernet_mac_address": "FA:16:3E:00:00:01", "vif_id": "x", "mtu": None}


def test_nova_s_own_network() -> None:
    """A NIC by its address, however the host has named it."""
    networks = [
        {
            "id": "network0",
            "type": "ipv4",
            "link": "tap1",
            "ip_address": "10.0.0.5",
            "netmask": "255.255.255.0",
            "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "10.0.0.1"}],
            "network_id": "y",
        }
    ]
    address = {"address": "10.0.0.5/24", "gateway": "10.0.0.1"}

    made = openstack(with_network(NIC, networks=networks, services=[]))

    (note,) = made.notes
    assert note.startswith(
        f"{NETWORK_DATA}: the guest finds other names in it (id, vif_id, network_id, type)"
    )
    assert [{"mac": "fa:16:3e:00:00:01", "addresses": [address]}] == made.document["interfaces"]


@pytest.mark.parametrize(
    "more",
    [
        {"networks": [{"id": "a", "type": "ipv6_dhcpv6-stateful", "link": "tap1"}]},
        {"networks": [{"id": "a", "type": "ipv4_dhcp", "link": "tap1", "metric": 5}]},
        {
            "networks": [
                {
                    "id": "a",
                    "type": "ipv4_dhcp",
                    "link": "tap1",
                    "routes": [{"network": "10.0.0.0", "netmask": "255.0.0.0", "gateway": "10.0.0.1"}],
                }
            ]
        },
        {"services": [{"type": "dns", "address": "10.0.0.2"}]},
        {"services": [{"type": "ntp", "address": "10.0.0.2"}]},
        {"other": 1},
    ],
)
def test_a_network_that_interfaces_cannot_say(more: dict[str, Any]) -> None:
    """It is passed on as it stands."""
    files = with_network(NIC, **more)

    assert json.loads(files[NETWORK_DATA]) == document_of(files)["network_data"]
