"""The format of EVE's own."""

import json
from ipaddress import IPv4Address
from uuid import UUID

import pytest

from eve_meta.answer import Answer, Metadata, Request, answer
from eve_meta.vm import VM, Ec2, Eve, Hostname, Interface, Line, MacAddress, Service, Tokens

APP = UUID(int=1)
BARE = VM(uuid=APP)
NOWHERE = "00000000-0000-0000-0000-000000000000"
EVERYWHERE = VM(
    uuid=APP,
    hostname=Hostname("web"),
    interfaces=(
        Interface(mac=MacAddress("fa:16:3e:00:00:01"), public_ipv4=IPv4Address("203.0.113.7")),
        Interface(mac=MacAddress("fa:16:3e:00:00:02")),
        Interface(mac=MacAddress("fa:16:3e:00:00:03"), public_ipv4=IPv4Address("203.0.113.8")),
    ),
    ec2=Ec2(public_ipv4=IPv4Address("203.0.113.8")),
    eve=Eve(
        device_uuid=UUID(int=2),
        device_name=Line("edge"),
        project_uuid=UUID(int=3),
        project_name=Line("floor"),
        enterprise_id=Line("AAF"),
        enterprise_name=Line("é"),
    ),
)


def ask(vm: VM, path: str, peer: str = "", method: bytes = b"GET") -> Answer:
    return answer(Metadata(vm, bytes(32)), Request(method, f"/eve{path}".encode(), {}), 0, bytes, peer)


@pytest.mark.parametrize(
    ("vm", "path", "listing"),
    [
        (BARE, "", b"v1/"),
        (BARE, "/v1", b"hostname\nnetwork.json"),
        (EVERYWHERE, "/v1/", b"external_ipv4\nhostname\nnetwork.json"),
    ],
)
def test_listing(vm: VM, path: str, listing: bytes) -> None:
    """A directory lists what can be fetched."""
    assert listing == ask(vm, path).body


def test_bare() -> None:
    """Of what is not known EVE's words for that are told: nothing, and no UUID."""
    assert {
        "caller-ip": "",
        "external-ipv4": "",
        "hostname": str(APP),
        "app-instance-uuid": str(APP),
        "device-uuid": NOWHERE,
        "device-name": "",
        "project-name": "",
        "project-uuid": NOWHERE,
        "enterprise-name": "",
        "enterprise-id": "",
    } == json.loads(ask(BARE, "/v1/network.json").body)


def test_network() -> None:
    """All that is known is told; the host name is the app's UUID, whatever the document says."""
    got = ask(EVERYWHERE, "/v1/network.json", "10.0.0.5")

    assert (b"Content-Type", b"application/json") == got.headers[0]
    assert {
        "caller-ip": "10.0.0.5",
        "external-ipv4": "203.0.113.8,203.0.113.7",
        "hostname": str(APP),
        "app-instance-uuid": str(APP),
        "device-uuid": str(UUID(int=2)),
        "device-name": "edge",
        "project-name": "floor",
        "project-uuid": str(UUID(int=3)),
        "enterprise-name": "é",
        "enterprise-id": "AAF",
    } == json.loads(got.body)


@pytest.mark.parametrize(
    ("peer", "caller"), [("::ffff:10.0.0.5", "10.0.0.5"), ("fe80::5", "fe80::5"), ("x", "x")]
)
def test_caller(peer: str, caller: str) -> None:
    """The caller's address is of the family in which it asks."""
    assert caller == json.loads(ask(BARE, "/v1/network.json", peer).body)["caller-ip"]


def test_text() -> None:
    """What EVE tells as text ends its lines."""
    assert b"203.0.113.8\n203.0.113.7\n" == ask(EVERYWHERE, "/v1/external_ipv4").body
    assert f"{APP}\n".encode() == ask(EVERYWHERE, "/v1/hostname").body


def test_no_external_ipv4() -> None:
    """An address that is not known is not there."""
    assert 404 == ask(BARE, "/v1/external_ipv4").status


def test_methods() -> None:
    """What is read is not posted to, and what is posted to not read."""
    assert 405 == ask(BARE, "/v1/hostname", method=b"POST").status
    assert [405, 405] == [ask(BARE, path).status for path in ("/v1/kubeconfig", "/v1/app/appCustomStatus")]


def test_tokens() -> None:
    """Where tokens are required nothing is told without one."""
    vm = VM(uuid=APP, service=Service(Tokens.REQUIRED))

    assert [401] * 3 == [ask(vm, path).status for path in ("", "/v1", "/v1/hostname")]
