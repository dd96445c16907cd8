"""What is said of a host, from what was read of it."""

from pathlib import Path

import pytest

from eve_meta.diagnosis.finding import Level
from eve_meta.diagnosis.host import agent, configuration, kernel, neighbours, storage
from eve_meta.diagnosis.told import Told


@pytest.mark.parametrize(
    ("release", "level"),
    [
        ("5.9.16", Level.FAIL),
        ("4.19.0-27-amd64", Level.FAIL),
        ("5.10.0-33-amd64", Level.OK),
        ("6.1", Level.OK),
        ("10.0.0", Level.OK),
        ("of somebody's own", Level.OK),
    ],
)
def test_kernel(release: str, level: Level) -> None:
    assert level is kernel(release).level


def test_configuration() -> None:
    """The first complaint is told, as it is."""
    assert Level.OK is configuration(()).level
    found = configuration(("file:2: servers: must be more", "file:3: more"))
    assert (Level.FAIL, "file:2: servers: must be more") == (found.level, found.message)


def thresholds(directory: Path, **numbers: int) -> Path:
    for family, number in numbers.items():
        path = directory / family / "neigh" / "default"
        path.mkdir(parents=True)
        (path / "gc_thresh3").write_text(f"{number}\n")
    return directory


def test_neighbours(tmp_path: Path) -> None:
    """Sixteen interfaces may ask from as many addresses as the kernel usually has room for."""
    sysctls = thresholds(tmp_path, ipv4=1024, ipv6=4096)

    assert [Level.OK, Level.OK] == [each.level for each in neighbours(16, sysctls)]
    few, enough = neighbours(17, sysctls)
    assert (Level.WARN, Level.OK) == (few.level, enough.level)
    assert "raise it (sysctl -w net.ipv4.neigh.default.gc_thresh3=1088)" == few.remedy


def test_neighbours_that_are_not_told(tmp_path: Path) -> None:
    """As in a network namespace that is not the host's first."""
    assert [] == list(neighbours(100, tmp_path))


def test_agent_is_silent() -> None:
    """Why, and what to do, in the words of any command."""
    (found,) = agent(Told(silence="the agent is not running (there is no socket): start it"))

    assert ("the agent is not running (there is no socket)", "start it") == (found.message, found.remedy)
    assert found.is_failed


def test_agent_tells_what_failed() -> None:
    """What is absent is no failure: its VM may be started again."""
    states = (("tap0", "open"), ("tap1", "absent"), ("tap2", "failed"))
    statuses = [{"interface": name, "state": state, "reason": "why"} for name, state in states]

    runs, document, failed = agent(Told(statuses=statuses, problems=["x.json: is damaged"]))

    assert "agent: runs, with 3 interfaces attached" == str(runs)
    assert (True, "x.json: is damaged") == (document.is_failed, document.message)
    assert "interface: tap2 is failed: why: see 'eve-meta doctor tap2'" == str(failed)


def test_storage(tmp_path: Path) -> None:
    assert Level.OK is storage(tmp_path).level
    assert f"{tmp_path}/none is made when the agent starts" == storage(tmp_path / "none").message
    (tmp_path / "file").touch()
    assert storage(tmp_path / "file" / "x").is_failed
