"""CirrOS."""

import pytest

from tests.agents import Agent
from tests.hosts import Guest
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

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
EC2 = EXAMPLE["ec2"]


def test_cirros(agent: Agent, guest: Guest) -> None:
    """CirrOS finds all that it asks for."""
    need_programs("curl")
    agent.attach("tap0", {**EXAMPLE, "user_data": "#!/bin/sh\n"})
    assert [
        *EXAMPLE["public_keys"].values(),
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
