"""What is counted apart."""

import pytest

from eve_meta.totals import format_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/openstack/latest/user_data", "openstack"),
        ("/openstack", "openstack"),
        ("//openstack", "openstack"),
        ("/nocloud/meta-data", "nocloud"),
        ("/eve/v1/network.json", "eve"),
        ("/latest/api/token", "ec2"),
        ("/openstacks", "ec2"),
        ("/none", "ec2"),
        ("/", "ec2"),
        ("", "ec2"),
        ("*", "ec2"),
    ],
)
def test_format(path: str, expected: str) -> None:
    assert expected == format_of(path)
