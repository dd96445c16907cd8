"""How long an agent takes from its start until every door is open, as its servers say in the log."""

import time

from tests.agents import Agent
from tests.support import soon

_OPENED = b": open, revision "
_PATIENCE_SECONDS = 120


def start_seconds(agent: Agent, interfaces: int) -> float:
    """Start an agent that has so many interfaces, all of which are wired."""
    with agent.log.open("rb") as log:
        log.seek(0, 2)
        opened = 0

        def is_open() -> bool:
            nonlocal opened
            opened += sum(_OPENED in line for line in log)
            return opened >= interfaces

        began = time.perf_counter()
        agent.start()
        assert soon(is_open, _PATIENCE_SECONDS), f"{opened} of {interfaces} doors opened\n{agent.said()}"
        return time.perf_counter() - began
