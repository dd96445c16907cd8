"""Lines to be watched."""

from typing import Any

import pytest

from eve_meta.cli.watched import watched


def status(interface: str, state: str = "open", name: str | None = None) -> dict[str, Any]:
    return {"interface": interface, "state": state, "name": name, "uuid": f"uuid of {interface}"}


def traffic(at: float, **interfaces: tuple[int, int, int, float | None]) -> dict[str, Any]:
    """Requests, of these refused and failed, and the time of the last."""
    return {
        "at": at,
        "interfaces": {
            name: {
                "requests": requests,
                "refused": refused,
                "failed": failed,
                "connections": 1,
                "last_at": last_at,
                "last_path": f"/{name}",
            }
            for name, (requests, refused, failed, last_at) in interfaces.items()
        },
    }


def test_a_line() -> None:
    before, now = traffic(10, tap0=(4, 0, 0, 9.0)), traffic(12, tap0=(9, 2, 1, 11.5))

    (line,) = watched([status("tap0", name="web")], before, now, "interface")

    assert ("tap0", "web", "open", "2.5", "9", "2", "1", "1", "0.5 s", "/tap0") == line.cells
    assert "red" == line.style


def test_who_is_not_answered() -> None:
    """It is told, with nothing asked."""
    (line,) = watched([status("tap0", "absent")], {}, traffic(12), "interface")

    assert ("tap0", "uuid of tap0", "absent", "0.0", "0", "0", "0", "0", "", "") == line.cells
    assert "yellow" == line.style


@pytest.mark.parametrize(
    "before",
    [{}, traffic(10), traffic(10, tap0=(100, 0, 0, 9.0)), traffic(12, tap0=(1, 0, 0, 9.0))],
    ids=["the first look", "not answered then", "begun anew", "at the same time"],
)
def test_no_rate(before: dict[str, Any]) -> None:
    """Where it cannot be told, nothing is."""
    (line,) = watched([status("tap0")], before, traffic(12, tap0=(9, 0, 0, 11.0)), "interface")

    assert 0.0 == line.per_second


@pytest.mark.parametrize(
    ("order", "interfaces"),
    [
        ("interface", ["tap0", "tap1", "tap2"]),
        ("vm", ["tap1", "tap2", "tap0"]),
        ("rate", ["tap1", "tap0", "tap2"]),
        ("requests", ["tap0", "tap1", "tap2"]),
        ("errors", ["tap1", "tap0", "tap2"]),
        ("last", ["tap1", "tap0", "tap2"]),
    ],
)
def test_orders(order: str, interfaces: list[str]) -> None:
    statuses = [status("tap2", name="b"), status("tap0"), status("tap1", name="a")]
    before = traffic(10, tap0=(99, 0, 0, 1.0), tap1=(1, 0, 0, 1.0), tap2=(0, 0, 0, None))
    now = traffic(12, tap0=(100, 5, 0, 10.0), tap1=(20, 0, 1, 11.0), tap2=(0, 0, 0, None))

    assert interfaces == [each.interface for each in watched(statuses, before, now, order)]


def test_a_terminal_is_not_commanded() -> None:
    now = traffic(12, tap0=(1, 0, 0, 11.0))
    now["interfaces"]["tap0"]["last_path"] = "/\x1b[2J"

    assert "/?[2J" == watched([status("tap0")], {}, now, "interface")[0].cells[-1]
