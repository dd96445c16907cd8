"""What a guest's requests tell of its boot."""

import pytest

from eve_meta.accesses import Access, Accesses, read
from eve_meta.story import clients, duration, story, user_data_read

_ONE = [{"at": 1, "revision": 1}]
CLOUD_INIT = "Cloud-Init/23.4"


def access(at: float, path: str, status: int = 200, agent: str = CLOUD_INIT) -> dict[str, object]:
    return {"at": at, "method": "GET", "path": path, "status": status, "bytes": 10, "agent": agent}


def accesses(
    *requests: dict[str, object], revisions: tuple[float, ...] = (100.0,), more: int = 0
) -> Accesses:
    """Requests at a door that was opened at 100; the revisions are numbered from 1."""
    return read(
        {
            "since": 100.0,
            "revisions": [{"at": at, "revision": number} for number, at in enumerate(revisions, 1)],
            "count": len(requests) + more,
            "requests": requests,
        }
    )


def test_who_asked() -> None:
    """Each once, with all formats, in the order of first requests."""
    told = accesses(
        access(101, "/openstack"),
        access(102, "/latest/meta-data/"),
        access(103, "/openstack/latest/user_data"),
        access(104, "/latest/api/token", agent=""),
    )

    assert ["Cloud-Init/23.4 (OpenStack, EC2)", "a client without a name (EC2)"] == list(clients(told))


def test_nothing_asked() -> None:
    assert [("guest", "has asked nothing since its door was opened, 20.0 s ago")] == list(
        story(accesses(), now=120.0)
    )


def test_a_probe_is_no_guest() -> None:
    """What an operator asks in its place is nothing of a guest's boot."""
    probe = access(101, "/openstack/latest/user_data", agent="eve-meta-probe")

    assert ["guest"] == [title for title, _ in story(accesses(probe), now=120.0)]
    assert ("first request", "3.0 s after the door was opened") in story(
        accesses(probe, access(103, "/openstack"), probe, more=2), now=120.0
    )
    assert ("requests", "1: 1 with 200; 2 more are not remembered") in story(
        accesses(probe, access(103, "/openstack"), more=2), now=120.0
    )


def test_a_boot() -> None:
    told = accesses(
        access(103.5, "/openstack"),
        access(104, "/openstack/latest/user_data"),
        access(104, "/openstack/latest/nothing", 404),
        access(110, "/openstack/latest/nothing", 404),
    )

    assert [
        ("first request", "3.5 s after the door was opened"),
        ("last request", "10.0 s ago"),
        ("asked by", "Cloud-Init/23.4 (OpenStack)"),
        ("requests", "4: 2 with 200, 2 with 404"),
        ("user data", "read 4.0 s after the door was opened"),
        ("not found", "/openstack/latest/nothing"),
    ] == list(story(told, now=120.0))


def test_much_in_vain() -> None:
    """A few paths are named."""
    told = accesses(*(access(101, f"/{number}", 404) for number in range(8)), more=100)

    lines = dict(story(told, now=120.0))

    assert "/0, /1, /2, /3, /4 and 3 others" == lines["not found"]
    assert "8: 8 with 404; 100 more are not remembered" == lines["requests"]
    assert "not read" == lines["user data"]


@pytest.mark.parametrize(
    ("read_at", "told"),
    [
        (105.0, "read 5.0 s after the door was opened, of revision 1; 3 is in force"),
        (110.0, "read 10.0 s after the door was opened, of revision 2; 3 is in force"),
        (125.0, "read 25.0 s after the door was opened"),
    ],
)
def test_user_data_of_a_revision(read_at: float, told: str) -> None:
    """Whether a guest has read what is in force now."""
    found = accesses(access(read_at, "/latest/user-data"), revisions=(100.0, 110.0, 120.0))

    assert told == dict(story(found, now=130.0))["user data"]


def test_user_data_that_is_not_there() -> None:
    """It was not read."""
    assert user_data_read(accesses(access(101, "/latest/user-data", 404))) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (119.9, "119.9 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_duration(seconds: float, words: str) -> None:
    assert words == duration(seconds)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"since": "x", "revisions": [], "count": 0, "requests": []},
        {"since": 1, "revisions": [], "count": 0, "requests": [{}]},
        {"since": 1, "revisions": [], "count": 0, "requests": [1]},
        {"since": 1, "revisions": [], "count": 0, "requests": []},
        {"since": float("nan"), "revisions": _ONE, "count": 0, "requests": []},
        {"since": float("inf"), "revisions": _ONE, "count": 0, "requests": []},
        {"since": 1, "revisions": _ONE, "count": float("inf"), "requests": []},
        {"since": 1, "revisions": _ONE, "count": 1, "requests": ["x"]},
        {"since": 1, "revisions": 5, "count": 0, "requests": []},
        {"since": 1, "revisions": [], "count": None, "requests": [], "more": 1},
    ],
)
def test_nonsense(told: dict[str, object]) -> None:
    """What no server of ours writes is refused, with one kind of error."""
    with pytest.raises(ValueError, match=r"."):
        read(told)


def test_a_terminal_is_not_commanded() -> None:
    """A server that was taken over cannot have control characters shown."""
    found = accesses(access(101, "/\x1b[2J\u202e", agent="\x07x"))

    assert isinstance(found.requests[0], Access)
    assert ("/?[2J?", "?x") == (found.requests[0].path, found.requests[0].agent)
