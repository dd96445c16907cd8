"""What of a request is counted and remembered."""

from eve_meta.exchange import Request
from eve_meta.server.asked import METHODS, Asked


def test_asked() -> None:
    """A query is no part of it, and decides nothing."""
    headers = {b"user-agent": b"Cloud-Init/22.4.2"}
    asked = Asked.by(Request(b"HEAD", b"/nocloud/user-data?/openstack/user_data", headers))

    assert (b"/nocloud/user-data", "HEAD", b"Cloud-Init/22.4.2") == (
        asked.path,
        METHODS[asked.method],
        asked.agent,
    )
    assert ("nocloud", True, False) == (asked.format, asked.is_for_user_data, asked.is_probe)


def test_of_a_query_nothing_is_user_data() -> None:
    assert not Asked.by(Request(b"GET", b"/openstack?/user_data", {})).is_for_user_data
