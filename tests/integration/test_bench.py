"""The benchmark runs, nothing that it asks for fails, and nothing of it is left; how fast is not tested."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netns.namespaces import DIRECTORY
from tests.agents import RED, Agent
from tests.bench import booting, crowd, wrk
from tests.bench.contenders import LIMITS
from tests.hosts import HOSTNAME, Guest, Host, run
from tests.support import need_programs

pytestmark = pytest.mark.integration

CELLS = 24
BOOTING, REQUESTS_PER_BOOT = 10, 44


@pytest.fixture
def agent(host: Host, tmp_path: Path) -> Iterator[Agent]:
    """An agent as the benchmark has it; not that of the whole file, beside which no benchmark could run."""
    del host
    need_programs("wrk")
    made = Agent(tmp_path, *(f"--limit={each}" for each in LIMITS)).start()
    yield made
    made.clear()
    made.stop()


@pytest.fixture
def out(host: Host, tmp_path: Path) -> Path:
    """Where a benchmark writes to, on a host that is afterwards as before."""
    del host
    need_programs("wrk", "nginx")
    return tmp_path / "out"


def measured(out: Path, kind: str, *options: str) -> dict[str, Any]:
    """What the quick benchmark of one kind finds."""
    run(sys.executable, "-m", "tests.bench", "--quick", "--out", str(out), kind, *options)
    assert (out / f"{kind}.md").read_text(encoding="utf-8").count("|")
    assert (out / f"{kind}.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    found: dict[str, Any] = json.loads((out / "bench.json").read_text(encoding="utf-8"))[kind]
    return found


def test_requests(out: Path) -> None:
    """Everything is asked of everybody."""
    cells = measured(out, "requests")["cells"]
    kinds = {(each["answer"], each["connections"], each["contender"]) for each in cells}
    assert (CELLS, CELLS) == (len(cells), len(kinds))
    assert all(each["per_second"] > 0 for cell in cells for each in cell["rounds"])


def test_scale(out: Path) -> None:
    """Each number of interfaces is reached, and all doors open again after a start."""
    assert [1, 10] == [each["attached"]["interfaces"] for each in measured(out, "scale")["sizes"]]


def test_storm(out: Path) -> None:
    """Every guest is answered all that it asks, with its own answers."""
    storm = measured(out, "storm")
    assert [BOOTING * REQUESTS_PER_BOOT] == [each["requests"] for each in storm["together"]]
    assert [[], [], []] == [
        each["failures"] for each in (*storm["together"], storm["calm"], storm["meanwhile"])
    ]


def test_misled(agent: Agent) -> None:
    """A guest that is told of another says so."""
    with crowd.gathered(1):
        agent.attach(crowd.tap(0), crowd.document(1))
        (failure,) = booting.once(1, 0).failures
        agent.clear()
    assert failure.startswith(f"guest 0, {HOSTNAME}: answered")


def test_soak(out: Path) -> None:
    """Memory is looked at again and again while guests are answered."""
    soaked = measured(out, "soak", "4")
    assert len(soaked["samples"]) > 1
    assert soaked["waits"]["requests"]
    assert [] == soaked["waits"]["failures"]


@pytest.fixture
def guest(host: Host, agent: Agent) -> Guest:
    """A guest that is attached."""
    made = host.guest("guest", "tap0")
    agent.attach("tap0", RED)
    return made


def ask(guest: Guest, path: str) -> wrk.Answered:
    """What comes of asking as fast as can be for a second."""
    load = wrk.Load(path=path, keeps_alive=True, connections=2, seconds=1, cpus=frozenset({0}))
    return wrk.ask([DIRECTORY / guest.name], load)


def test_answered(guest: Guest) -> None:
    """Where limits are above what is asked there are figures."""
    assert ask(guest, HOSTNAME).requests


def test_refused(guest: Guest) -> None:
    """Where nothing is found there are none."""
    with pytest.raises(wrk.FailedRequestsError):
        ask(guest, "/nowhere")
