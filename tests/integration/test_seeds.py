"""What people have of other services, served as it is."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.agents import Agent
from tests.hosts import HOSTNAME, Host
from tests.support import need_programs

UUID = "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"
USER_DATA = "#!/bin/sh\necho seeded\n"
META_DATA = "/openstack/latest/meta_data.json"
NOCLOUD = {"meta-data": "instance-id: iid-local01\nlocal-hostname: web\n", "user-data": USER_DATA}
CONFIG_DRIVE = {
    "openstack/latest/meta_data.json": json.dumps({"uuid": "nova", "hostname": "web"}),
    "openstack/latest/user_data": USER_DATA,
}


@pytest.fixture(params=[("cidata", NOCLOUD), ("config-2", CONFIG_DRIVE)], ids=["NoCloud", "config drive"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A drive as VMs have it today."""
    need_programs("genisoimage")
    label, files = request.param
    for name, content in files.items():
        (tmp_path / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / name).write_text(content)
    command = ["genisoimage", "-quiet", "-V", label, "-J", "-R", "-o", "seed.iso", "files"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "seed.iso"


def test_image(host: Host, agent: Agent, image: Path) -> None:
    """A guest reads over the network what its drive said."""
    guest = host.guest("red", "tap0", bridge=host.bridge())

    done = agent.run("attach", "tap0", "--seed", str(image), "--uuid", UUID)

    assert 0 == done.returncode, done.stderr
    assert "note: " in done.stderr
    assert ("web", USER_DATA) == (guest.read(HOSTNAME), guest.read("/latest/user-data"))
    assert UUID == json.loads(guest.read(META_DATA))["uuid"]
    assert USER_DATA == guest.read("/openstack/latest/user_data")


def test_a_seed_in_place_of_a_document(host: Host, agent: Agent, image: Path) -> None:
    """An interface that is attached changes to it as to any document; one that is none changes nothing."""
    guest = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", {"uuid": UUID, "hostname": "before"})

    assert 1 == agent.run("attach", "tap0", "--seed", "/etc/hostname").returncode
    assert "before" == guest.read(HOSTNAME)
    assert 0 == agent.run("attach", "tap0", "--seed", str(image), "--uuid", UUID).returncode
    assert "web" == guest.read(HOSTNAME)
