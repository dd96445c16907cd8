"""Attaches and detaches guests of the crowd, and tells how long it takes."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from eve_meta.cli.client import Client
from tests.agents import Agent
from tests.bench import crowd

AT_ONCE = 8
"""How many clients ask at the same time where many are attached."""


def attach(agent: Agent, number: int) -> float:
    """Attach a guest over the control socket; milliseconds."""
    body = json.dumps(crowd.document(number)).encode()
    client = Client(agent.run_dir)
    return _ms(lambda: client.attach(crowd.tap(number), body, "application/json", wait_seconds=0))


def detach(agent: Agent, number: int) -> float:
    """Detach a guest over the control socket; milliseconds."""
    client = Client(agent.run_dir)
    return _ms(lambda: client.detach(crowd.tap(number)))


def attach_by_command(agent: Agent, number: int) -> float:
    """Attach a guest with `eve-meta attach`, a process; milliseconds."""
    return _ms(lambda: agent.attach(crowd.tap(number), crowd.document(number)))


def attach_many(agent: Agent, numbers: Sequence[int]) -> float:
    """Attach guests over the control socket, several at once; seconds."""
    return _of_many(attach, agent, numbers)


def detach_many(agent: Agent, numbers: Sequence[int]) -> float:
    """Detach guests, attached or not, over the control socket, several at once; seconds."""
    return _of_many(detach, agent, numbers)


def _of_many(do: Callable[[Agent, int], float], agent: Agent, numbers: Sequence[int]) -> float:
    """Wait for all; a failure is raised."""
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as clients:
        tuple(clients.map(lambda number: do(agent, number), numbers))
    return time.perf_counter() - began


def _ms(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000
