"""How long the neighbours of a hostile guest wait, beside how long they wait in peace: a table.

usage: python -m tests.integration.neighbours ROUNDS

The hostile guest runs when nobody else wants the CPU, as if its VM had CPUs of its own: what is measured is
what its traffic costs others, not that it runs.
"""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from tests.agents import GREEN, RED, Agent
from tests.hosts import ANSWER_SECONDS, HOSTNAME, IPV4, Guest, Host, ask_over
from tests.integration.hostile import ATTACKS

REQUESTS = 400
PAUSE_SECONDS = 0.015
"""Between two: who asks faster, on and on, is held up by limits of its own, not by the hostile guest."""
SETTLING_SECONDS = 2


@contextmanager
def attacked_by(guest: Guest, attack: str) -> Iterator[None]:
    """A guest that does its worst meanwhile."""
    program = (sys.executable, "-m", "tests.integration.hostile", attack)
    process = subprocess.Popen(["ip", "netns", "exec", guest.name, "chrt", "--idle", "0", *program])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def waits(guest: Guest) -> list[float]:
    """Milliseconds of many requests, with a connection each."""

    def ask() -> list[float]:
        found = []
        for _ in range(REQUESTS):
            time.sleep(PAUSE_SECONDS)
            began = time.perf_counter()
            with socket.create_connection((IPV4, 80), timeout=ANSWER_SECONDS) as connection:
                answer = ask_over(connection, HOSTNAME)
            found.append((time.perf_counter() - began) * 1000)
            assert answer.body == b"green", answer
        return found

    return guest.inside(ask)


def p99(found: list[float]) -> float:
    """The 99th percentile."""
    return quantiles(found, n=100)[98]


def main(rounds: str) -> None:
    """Measure in turn, and print medians of all rounds."""
    with Host() as host, tempfile.TemporaryDirectory() as directory:
        agent = Agent(Path(directory), "--servers", "1").start()
        bridge = host.bridge()
        red = host.guest("red", "tap0", bridge=bridge)
        green = host.guest("green", "tap1", bridge=bridge)
        agent.attach("tap0", RED | {"user_data": "x" * 2**20})
        agent.attach("tap1", GREEN)
        found: dict[str, list[tuple[float, float]]] = {each: [] for each in ATTACKS}
        for _ in range(int(rounds)):
            for attack in ATTACKS:
                peace = p99(waits(green))
                with attacked_by(red, attack):
                    time.sleep(SETTLING_SECONDS)
                    found[attack].append((peace, p99(waits(green))))
        agent.clear()
        agent.stop()
    sys.stdout.write(f"{'attack':<16}{'p99 in peace':>14}{'under attack':>14}{'ratio':>8}\n")
    for attack, each in found.items():
        before, after = (median(column) for column in zip(*each, strict=True))
        ratio = median(during / peace for peace, during in each)
        sys.stdout.write(f"{attack:<16}{before:>11.1f} ms{after:>11.1f} ms{ratio:>8.2f}\n")


if __name__ == "__main__":
    main(sys.argv[1])
