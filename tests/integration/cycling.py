"""Attaches and detaches at random, and tells when.

usage: python -m tests.integration.cycling RUN_DIR SEED COUNT INTERFACE…
"""

import json
import random
import sys
import time
from pathlib import Path

from attrs import asdict, frozen

from eve_meta.cli.client import Client
from tests.agents import GREEN, RED

DOCUMENTS = {str(each["hostname"]): each for each in (RED, GREEN)}


@frozen
class Command:
    """What was asked for at an interface: a hostname, or None for nothing; and from when to when."""

    interface: str
    wish: str | None
    began: float
    ended: float


def cycle(client: Client, interface: str, wish: str | None) -> Command:
    """Ask for something, which must succeed; times are of the clock that all processes share."""
    began = time.monotonic()
    if wish:
        document = json.dumps(DOCUMENTS[wish]).encode()
        client.attach(interface, document, "application/json", wait_seconds=0)
    else:
        client.detach(interface)
    return Command(interface, wish, began, time.monotonic())


def main(run_dir: str, seed: str, count: str, *interfaces: str) -> None:
    """Print the commands, one in a line."""
    chance = random.Random(seed)
    client = Client(Path(run_dir))
    for _ in range(int(count)):
        command = cycle(client, chance.choice(interfaces), chance.choice([*DOCUMENTS, None, None]))
        sys.stdout.write(json.dumps(asdict(command)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
