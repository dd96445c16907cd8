"""How requests are drawn."""

from click import unstyle

from eve_meta.accesses import FIRST, Access, Accesses, Revision
from eve_meta.cli.timeline import drawn


def access(at: float, path: str = "/", status: int = 200, agent: str = "curl/8") -> Access:
    return Access(at=at, method="GET", path=path, status=status, bytes=len(path), agent=agent)


def lines(count: int, *requests: Access, revisions: tuple[Revision, ...] = ()) -> list[str]:
    first = Revision(at=100.0, revision=1)
    accesses = Accesses(since=100.0, revisions=(first, *revisions), count=count, requests=requests)
    return [unstyle(each) for each in drawn(accesses)]


def test_nothing() -> None:
    assert ["  +0.000 s        revision 1"] == lines(0)


def test_requests_and_revisions_in_order_of_time() -> None:
    """Who asked stands where it changes."""
    drawing = lines(
        3,
        access(101.0, "/openstack"),
        access(102.0, "/nothing", 404),
        access(104.0, agent=""),
        revisions=(Revision(at=103.0, revision=2),),
    )

    assert [
        "  +0.000 s                                       revision 1",
        "curl/8:",
        "  +1.000 s  ●·······················  200  10 B  GET /openstack",
        "  +2.000 s  ········●···············  404  8 B   GET /nothing",
        "  +3.000 s                                       revision 2",
        "a client without a name:",
        "  +4.000 s  ·······················●  200  1 B   GET /",
    ] == drawing


def test_what_is_not_remembered_is_told_where_it_was() -> None:
    drawing = lines(500, *(access(101.0 + number) for number in range(FIRST + 1)))

    (place,) = (number for number, line in enumerate(drawing) if "371 requests are not remembered" in line)
    assert f"+{FIRST}.000 s" in drawing[place - 1]
    assert f"+{FIRST + 1}.000 s" in drawing[place + 1]
