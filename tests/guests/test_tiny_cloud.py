"""Alpine's tiny-cloud."""

import pytest

from tests.agents import Agent
from tests.hosts import Guest
from tests.support import EXAMPLE, need_programs

pytestmark = pytest.mark.guest

# Source: https://gitlab.alpinelinux.org/alpine/cloud/tiny-cloud, lib/tiny-cloud/cloud/aws/imds
TINY_CLOUD = r"""
set -eu
token="$(printf 'PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 5\r\n\r\n' |
    busybox nc -w 1 169.254.169.254 80 | tail -n 1)"
busybox wget -q --header "X-aws-ec2-metadata-token: $token" -O - \
    http://169.254.169.254/latest/meta-data/hostname
"""


def test_tiny_cloud(agent: Agent, guest: Guest) -> None:
    """Alpine's way to a token is answered: HTTP/1.0, no Host, and nothing more to send."""
    need_programs("busybox")
    agent.attach("tap0", {**EXAMPLE, "service": {"tokens": "required"}})
    assert EXAMPLE["hostname"] == guest.run("sh", "-c", TINY_CLOUD)
