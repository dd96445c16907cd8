"""Programs of guests other than cloud-init, each with the document that says everything."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.agents import Agent
from tests.hosts import NIC, UNIQUE_LOCAL, Guest, Host
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

EC2 = EXAMPLE["ec2"]
KEYS = list(EXAMPLE["public_keys"].values())
IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition"
REQUIRED = {"tokens": "required"}

# Source: https://gitlab.alpinelinux.org/alpine/cloud/tiny-cloud, lib/tiny-cloud/cloud/aws/imds
TINY_CLOUD = r"""
set -eu
token="$(printf 'PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 5\r\n\r\n' |
    busybox nc -w 1 169.254.169.254 80 | tail -n 1)"
busybox wget -q --header "X-aws-ec2-metadata-token: $token" -O - \
    http://169.254.169.254/latest/meta-data/hostname
"""
# Source: https://github.com/cirros-dev/cirros, src/sbin/cirros-ds and src/lib/cirros
CIRROS = r"""
set -eu
get() { curl --fail --silent --show-error --max-time 10 "http://169.254.169.254/2009-04-04/$1"; }
case "$(get meta-data/instance-id)" in i-*) ;; *) echo "not ready" >&2; exit 1 ;; esac
for key in $(get meta-data/public-keys | sed -n 's/^\([0-9]\)=.*/\1/p'); do
    get "meta-data/public-keys/$key/openssh-key" && echo
done
for leaf in instance-id ami-launch-index instance-type local-ipv4 public-ipv4 hostname local-hostname \
    public-hostname placement/availability-zone; do
    echo "$leaf=$(get "meta-data/$leaf")"
done
for device in $(get meta-data/block-device-mapping); do
    echo "$device=$(get "meta-data/block-device-mapping/$device")"
done
get user-data
"""
BOTOCORE = """
import json
from botocore.utils import InstanceMetadataFetcher, InstanceMetadataRegionFetcher
mode = {"ec2_metadata_service_endpoint_mode": %r}
role = InstanceMetadataFetcher(config=mode).retrieve_iam_role_credentials()
region = InstanceMetadataRegionFetcher(config=mode).retrieve_region()
print(json.dumps({"role": role, "region": region}))
"""
EC2_METADATA = """
import json
from ec2_metadata import ec2_metadata as told
nic = told.network_interfaces[told.mac]
print(json.dumps({
    "instance": told.instance_id, "region": told.region, "account": told.account_id,
    "private": nic.private_ipv4s, "public": told.public_ipv4,
    "user_data": told.user_data.decode(), "tags": dict(told.tags),
}))
"""
# Without its route to the metadata service, which it adds on Windows alone.
CLOUDBASE_INIT = """
import importlib, json
from cloudbaseinit import conf
conf.CONF([], default_config_files=[])
for group in ("openstack", "ec2"):
    conf.CONF.set_override("add_metadata_private_ip_route", False, group=group)
module, name = %r
told = getattr(importlib.import_module(f"cloudbaseinit.metadata.services.{module}"), name)()
print(json.dumps({
    "found": told.load(), "instance": told.get_instance_id(), "hostname": told.get_host_name(),
    "keys": sorted(told.get_public_keys()), "user_data": told.get_user_data().decode(),
}))
"""
CLOUDBASE_INIT_NETWORK = """
import json
from cloudbaseinit import conf
from cloudbaseinit.metadata.services.httpservice import HttpService
conf.CONF([], default_config_files=[])
details = HttpService().get_network_details_v2()
print(json.dumps({
    "links": [[link.mac_address, link.mtu] for link in details.links],
    "addresses": [network.address_cidr for network in details.networks],
    "gateways": [route.gateway for network in details.networks for route in network.routes],
}))
"""


@pytest.fixture
def guest(host: Host) -> Guest:
    """A guest with the first NIC of the example."""
    return host.guest("red", "tap0", mac=EXAMPLE["interfaces"][0]["mac"])


def run_python(guest: Guest, program: str) -> dict[str, Any]:
    """What a program prints, as JSON, that the tests' own Python runs in a guest."""
    told: dict[str, Any] = json.loads(guest.run(sys.executable, "-c", program))
    return told


def test_ec2metadata(agent: Agent, guest: Guest) -> None:
    """Debian's `ec2metadata` finds what it looks up, with session tokens."""
    need_programs("ec2metadata")
    agent.attach("tap0", {**EXAMPLE, "service": REQUIRED})
    lines = guest.run("/usr/bin/ec2metadata").splitlines()
    told = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert EC2["instance_id"] == told["instance-id"]
    assert EXAMPLE["hostname"] == told["local-hostname"]
    assert EXAMPLE["availability_zone"] == told["availability-zone"]
    assert str(KEYS) == told["public-keys"]


def test_tiny_cloud(agent: Agent, guest: Guest) -> None:
    """Alpine's way to a token is answered: HTTP/1.0, no Host, and nothing more to send."""
    need_programs("busybox")
    agent.attach("tap0", {**EXAMPLE, "service": REQUIRED})
    assert EXAMPLE["hostname"] == guest.run("sh", "-c", TINY_CLOUD)


def test_cirros(agent: Agent, guest: Guest) -> None:
    """CirrOS finds all that it asks for."""
    need_programs("curl")
    agent.attach("tap0", {**EXAMPLE, "user_data": "#!/bin/sh\n"})
    assert [
        *KEYS,
        f"instance-id={EC2['instance_id']}",
        "ami-launch-index=0",
        f"instance-type={EC2['instance_type']}",
        f"local-ipv4={EC2['local_ipv4']}",
        f"public-ipv4={EC2['public_ipv4']}",
        *(f"{name}={EXAMPLE['hostname']}" for name in ("hostname", "local-hostname", "public-hostname")),
        f"placement/availability-zone={EXAMPLE['availability_zone']}",
        *(f"{role}={device}" for role, device in sorted(EC2["block_device_mapping"].items())),
        "#!/bin/sh",
    ] == guest.run("sh", "-c", CIRROS).splitlines()


@pytest.mark.parametrize(("platform", "tokens"), [("openstack", "optional"), ("aws", "required")])
def test_ignition(agent: Agent, guest: Guest, tmp_path: Path, platform: str, tokens: str) -> None:
    """Ignition fetches its configuration from either format, from EC2's with session tokens."""
    need_programs(IGNITION)
    config = {"ignition": {"version": "3.3.0"}, "passwd": {"users": [{"name": "core"}]}}
    agent.attach("tap0", {**EXAMPLE, "user_data": json.dumps(config), "service": {"tokens": tokens}})
    (directory := tmp_path / "ignition").mkdir()
    cache = directory / "config.json"
    files = ("--config-cache", str(cache), "--neednet", f"{directory}/net", "--root", f"{directory}/root")
    stage = ("--platform", platform, "--stage", "fetch", "--state-file", f"{directory}/state")
    guest.run(IGNITION, "--log-to-stdout", *stage, *files)
    users = json.loads(cache.read_text(encoding="utf-8"))["passwd"]["users"]
    assert ["core"] == [each["name"] for each in users]


@pytest.mark.parametrize("mode", ["ipv4", "ipv6"])
def test_botocore(agent: Agent, guest: Guest, mode: str) -> None:
    """The AWS SDK finds its region and no role, over IPv6 too, with session tokens."""
    guest.run("ip", "-6", "route", "add", f"{UNIQUE_LOCAL}/128", "dev", NIC)
    agent.attach("tap0", {**EXAMPLE, "service": REQUIRED})
    assert {"role": {}, "region": "eve-1"} == run_python(guest, BOTOCORE % mode)


def test_ec2_metadata(agent: Agent, guest: Guest) -> None:
    """The PyPI package ec2-metadata finds what the document says, with session tokens."""
    agent.attach("tap0", {**EXAMPLE, "service": REQUIRED})
    assert {
        "instance": EC2["instance_id"],
        "region": "eve-1",
        "account": EXAMPLE["project_id"],
        "private": ["10.0.0.5", "10.0.0.6"],
        "public": EC2["public_ipv4"],
        "user_data": EXAMPLE["user_data"],
        "tags": EC2["tags"],
    } == run_python(guest, EC2_METADATA)


@pytest.mark.parametrize(
    ("service", "instance"),
    [(("httpservice", "HttpService"), EXAMPLE["uuid"]), (("ec2service", "EC2Service"), EC2["instance_id"])],
    ids=["openstack", "ec2"],
)
def test_cloudbase_init(agent: Agent, guest: Guest, service: tuple[str, str], instance: str) -> None:
    """What Windows guests run finds what the document says, in either format."""
    agent.attach("tap0", EXAMPLE)
    assert {
        "found": True,
        "instance": instance,
        "hostname": EXAMPLE["hostname"],
        "keys": sorted(KEYS),
        "user_data": EXAMPLE["user_data"],
    } == run_python(guest, CLOUDBASE_INIT % (service,))


def test_cloudbase_init_network(agent: Agent, guest: Guest) -> None:
    """What Windows guests run makes of network_data.json the addresses and routes of the document."""
    agent.attach("tap0", EXAMPLE)
    assert {
        "links": [["fa:16:3e:00:00:01", 1450], ["fa:16:3e:00:00:02", None]],
        "addresses": ["10.0.0.5/24", "10.0.0.6/24", "2001:db8:0:1::5/64"],
        "gateways": ["10.0.0.1", "10.0.0.254", "fe80::1"],
    } == run_python(guest, CLOUDBASE_INIT_NETWORK)
