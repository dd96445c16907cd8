"""Attaches and detaches guests of the crowd, and tells how long it takes."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eve_meta.cli.client import Client
from tests.agents import EVE_META, Agent
from tests.bench import crowd

_AT_ONCE = 8


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
    """Attach guests with one `eve-meta attach` of a directory, all of which must succeed; seconds."""
    with tempfile.TemporaryDirectory() as directory:
        for number in numbers:
            document = Path(directory) / f"{crowd.tap(number)}.json"
            document.write_text(json.dumps(crowd.document(number)), encoding="utf-8")
        command = [*EVE_META, "attach", "--run-dir", str(agent.run_dir), directory]
        return _ms(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)) / 1000


def detach_many(agent: Agent, numbers: Sequence[int]) -> None:
    """Detach guests, attached or not, over the control socket, several at once."""
    with ThreadPoolExecutor(_AT_ONCE) as clients:
        tuple(clients.map(lambda number: detach(agent, number), numbers))


def _ms(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000
