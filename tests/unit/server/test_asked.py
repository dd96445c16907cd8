"""What of a request is counted."""

import pytest

from eve_meta.exchange import Request
from eve_meta.server.asked import Asked


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/openstack", "openstack"),
        (b"//openstack/latest/user_data", "openstack"),
        (b"/nocloud?x", "nocloud"),
        (b"/eve/v1/hostname", "eve"),
        (b"/", "ec2"),
        (b"", "ec2"),
        (b"/openstackx", "ec2"),
        (b"/none", "ec2"),
        (b"*", "ec2"),
    ],
)
def test_format(target: bytes, expected: str) -> None:
    assert expected == Asked.by(Request(b"GET", target, {})).format
