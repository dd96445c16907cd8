"""The NoCloud format; what network-config says is tested with `network_config`."""

import json
from typing import Any
from uuid import UUID

import pytest
import yaml

from eve_meta.answer import Metadata, Request, answer
from eve_meta.formats.yaml import yaml_leaf
from eve_meta.vm import (
    VM,
    DhcpAddress,
    Family,
    Hostname,
    Interface,
    JsonObject,
    Line,
    MacAddress,
    PublicKey,
    Service,
    Text,
    Tokens,
)

BARE = VM(uuid=UUID(int=1))
MAC = MacAddress("fa:16:3e:00:00:01")
CERTIFICATE = Text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----")


def body(vm: VM, path: str) -> bytes:
    got = answer(Metadata(vm, bytes(32)), Request(b"GET", f"/nocloud{path}".encode(), {}), 0, bytes)
    return got.body if got.status == 200 else str(got.status).encode()


def meta_data(vm: VM) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(body(vm, "/meta-data"))
    return read


def vendor_data(content: object) -> bytes:
    return body(VM(uuid=UUID(int=1), vendor_data=JsonObject(json.dumps(content))), "/vendor-data")


@pytest.mark.parametrize("path", ["", "/"])
def test_listing(path: str) -> None:
    """Of a VM with nothing but a uuid, all is there that cloud-init insists on."""
    assert b"meta-data\nuser-data\nvendor-data" == body(BARE, path)


def test_bare() -> None:
    """A VM with nothing but a uuid is known by that, and has a name."""
    assert {
        "instance-id": "00000000-0000-0000-0000-000000000001",
        "local-hostname": "vm-00000000",
        "launch-index": 0,
        "public-keys": [],
    } == meta_data(BARE)


def test_meta_data() -> None:
    """What is known is told under the names that cloud-init looks for; certificates are no SSH keys."""
    vm = VM(
        uuid=UUID(int=1),
        hostname=Hostname("web.example.org"),
        availability_zone=Line("eve-1a"),
        public_keys=(PublicKey(Line("a"), Text("ssh-rsa A")), PublicKey(Line("c"), CERTIFICATE)),
    )

    assert {
        "instance-id": "00000000-0000-0000-0000-000000000001",
        "local-hostname": "web.example.org",
        "launch-index": 0,
        "availability-zone": "eve-1a",
        "region": "eve-1",
        "public-keys": ["ssh-rsa A"],
    } == meta_data(vm)


@pytest.mark.parametrize(
    "text", ["é", "\U0001f600", "\ufeff\uffff", '"\\ud83d\x7f', "no", "0x1f", "a: b # c"]
)
def test_yaml(text: str) -> None:
    """Any text is the same to a reader of YAML and to one of JSON."""
    leaf = yaml_leaf({"a": text})

    assert {"a": text} == yaml.safe_load(leaf.body) == json.loads(leaf.body)


@pytest.mark.parametrize("user_data", [b"\0\xff", b""])
def test_user_data(user_data: bytes) -> None:
    """User data are passed on as they are."""
    assert user_data == body(VM(uuid=UUID(int=1), user_data=user_data), "/user-data")


def test_no_user_data() -> None:
    """A VM without user data has empty ones: cloud-init would give up without."""
    assert b"" == body(BARE, "/user-data")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"cloud-init": "#cloud-config\né: 1"}, "#cloud-config\né: 1".encode()),
        ({"cloud-init": ["#!/bin/sh\n:", "x"]}, b'#cloud-config-archive\n["#!/bin/sh\\n:", "x"]'),
        ({"cloud-init": None}, b""),
        ({"cloud-init": {"a": 1}}, b""),
        ({"cloud-init": 5}, b""),
        ({"other": "x"}, b""),
        ({}, b""),
    ],
)
def test_vendor_data(content: object, told: bytes) -> None:
    """Of the vendor data cloud-init is told its own part, as text or as an archive of texts."""
    assert told == vendor_data(content)


def test_no_vendor_data() -> None:
    """A VM without vendor data has empty ones: cloud-init would wait for them."""
    assert b"" == body(BARE, "/vendor-data")


@pytest.mark.parametrize("addresses", [(), (DhcpAddress(Family.IPV4),)])
def test_network_config(addresses: tuple[DhcpAddress, ...]) -> None:
    """network-config is there when network_data.json is."""
    vm = VM(uuid=UUID(int=1), interfaces=(Interface(mac=MAC, addresses=addresses),))

    assert bool(addresses) == (body(vm, "/network-config") != b"404")
    assert bool(addresses) == (body(vm, "/../openstack/latest/network_data.json") != b"404")


def test_verbatim_network_config() -> None:
    """A network_data.json of the operator's is told in other words."""
    link = {"id": "a", "type": "phy", "ethernet_mac_address": MAC}
    vm = VM(uuid=UUID(int=1), network_data=JsonObject(json.dumps({"links": [link]})))

    assert {"version": 2, "ethernets": {"nic0": {"match": {"macaddress": MAC}}}} == yaml.safe_load(
        body(vm, "/network-config")
    )


def test_tokens() -> None:
    """Where tokens are required nothing is told without one."""
    assert b"401" == body(VM(uuid=UUID(int=1), service=Service(Tokens.REQUIRED)), "/meta-data")
