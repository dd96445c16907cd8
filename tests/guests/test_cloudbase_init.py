"""cloudbase-init, of Windows guests."""

import base64
import subprocess
from pathlib import Path

import pytest

from tests.agents import RED, Agent
from tests.hosts import Guest, run
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

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
PASSWORD = """
import json
from cloudbaseinit import conf
from cloudbaseinit.metadata.services.httpservice import HttpService
from cloudbaseinit.plugins.common.setuserpassword import SetUserPasswordPlugin
conf.CONF([], default_config_files=[])
told = HttpService()
was_set = told.is_password_set
done = told.can_post_password and SetUserPasswordPlugin()._set_metadata_password(%r, told)
print(json.dumps({"was_set": was_set, "done": done, "is_set": told.is_password_set}))
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


@pytest.mark.parametrize(
    ("service", "instance"),
    [
        (("httpservice", "HttpService"), EXAMPLE["uuid"]),
        (("ec2service", "EC2Service"), EXAMPLE["ec2"]["instance_id"]),
    ],
    ids=["openstack", "ec2"],
)
def test_cloudbase_init(agent: Agent, guest: Guest, service: tuple[str, str], instance: str) -> None:
    """What Windows guests run finds what the document says, in either format."""
    agent.attach("tap0", EXAMPLE)
    assert {
        "found": True,
        "instance": instance,
        "hostname": EXAMPLE["hostname"],
        "keys": sorted(EXAMPLE["public_keys"].values()),
        "user_data": EXAMPLE["user_data"],
    } == guest.run_python(CLOUDBASE_INIT % (service,))


def test_cloudbase_init_network(agent: Agent, guest: Guest) -> None:
    """What Windows guests run makes of network_data.json the addresses and routes of the document."""
    agent.attach("tap0", EXAMPLE)
    assert {
        "links": [["fa:16:3e:00:00:01", 1450], ["fa:16:3e:00:00:02", None]],
        "addresses": ["10.0.0.5/24", "10.0.0.6/24", "2001:db8:0:1::5/64"],
        "gateways": ["10.0.0.1", "10.0.0.254", "fe80::1"],
    } == guest.run_python(CLOUDBASE_INIT_NETWORK)


def test_password(agent: Agent, guest: Guest, tmp_path: Path) -> None:
    """The password that a Windows guest has made is read on the host, with the owner's private key; once."""
    need_programs("openssl", "ssh-keygen")
    private_key = tmp_path / "id_rsa"
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM", "-f", str(private_key))
    public_key = private_key.with_suffix(".pub").read_text(encoding="utf-8")
    agent.attach("tap0", RED | {"public_keys": {"owner": public_key}})
    assert {"was_set": False, "done": True, "is_set": True} == guest.run_python(PASSWORD % "Pa$$w0rd")
    assert {"was_set": True, "done": True, "is_set": True} == guest.run_python(PASSWORD % "another")
    encrypted = base64.b64decode(agent.run("password", "tap0").stdout)
    decrypting = ("openssl", "pkeyutl", "-decrypt", "-inkey", str(private_key))
    assert b"Pa$$w0rd" == subprocess.run(decrypting, input=encrypted, capture_output=True, check=True).stdout
