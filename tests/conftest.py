"""What tests share: a host whose kernel objects are afterwards as before, and an agent on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents import Agent
from tests.hosts import Host, kernel_objects
from tests.support import need_sandbox, soon

pytest.register_assert_rewrite("tests.contract.network", "tests.contract.world", "tests.integration.lookouts")


def pytest_addoption(parser: pytest.Parser) -> None:
    """See `scripts/cycles`."""
    parser.addoption("--cycles", default="50", help="how often test_cycles attaches or detaches")


@pytest.fixture
def host() -> Iterator[Host]:
    """A host; the test fails if it leaves anything in the kernel."""
    need_sandbox("nft")
    before = kernel_objects()
    with Host() as made:
        yield made
    assert soon(lambda: kernel_objects() == before), (before, kernel_objects())


@pytest.fixture
def agent(host: Host, tmp_path: Path) -> Iterator[Agent]:
    """A running agent; what it still has attached at the end is detached."""
    del host
    made = Agent(tmp_path).start()
    try:
        yield made
    finally:
        made.clear()
        made.stop()
