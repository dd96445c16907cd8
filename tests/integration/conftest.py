"""The integration tests of a file share one agent: each finds it running and with nothing attached."""

from collections.abc import Iterator

import pytest

from tests.agents import Agent
from tests.hosts import Host
from tests.support import need_sandbox


@pytest.fixture(scope="module")
def shared_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """The agent of the whole file."""
    need_sandbox()
    made = Agent(tmp_path_factory.mktemp("agent"), "--servers", "2")
    yield made
    made.stop()


@pytest.fixture
def agent(host: Host, shared_agent: Agent) -> Iterator[Agent]:
    """A running agent; what it still has attached at the end is detached."""
    del host
    shared_agent.start_if_stopped()
    yield shared_agent
    shared_agent.start_if_stopped()
    shared_agent.clear()


@pytest.fixture
def cycles(request: pytest.FixtureRequest) -> int:
    """How many commands each process of `test_cycles` gives."""
    return int(request.config.getoption("--cycles"))
