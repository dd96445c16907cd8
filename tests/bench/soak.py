"""Memory and descriptors over a long time, in which guests ask and others are attached and detached."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from attrs import asdict, frozen

from tests.agents import Agent, children
from tests.bench import attaching, booting, crowd, machine, processes, tables
from tests.bench.booting import Waits

GUESTS = 100
"""They stay attached, and boot again and again within some seconds, with a pause: 180 requests a second."""
SPREAD_SECONDS = 5
PAUSE_SECONDS = 20

COMERS = 50
"""One after the other is attached and detached."""
REST_SECONDS = 0.2
"""Between two of these, so that the machine is not only busy with them."""

SAMPLES = 40
QUARTERS = 4
_MEGABYTE = 1e6


@frozen(kw_only=True)
class Sample:
    """What was used at one time, when the guests that stay were attached and no other.

    Attributes:
        seconds: since the soak began.
        attached: how often a guest has been attached and detached by then.
        pss_bytes, descriptors: of the agent, the fork server and the servers.
        kernel_bytes: of all of the host, by kind.
    """

    seconds: float
    attached: int
    pss_bytes: dict[str, int]
    descriptors: dict[str, int]
    kernel_bytes: dict[str, int]


@frozen(kw_only=True)
class Soaked:
    """All samples, and how the guests fared that stayed."""

    samples: tuple[Sample, ...]
    waits: Waits


def measure(seconds: float, tell: Callable[[str], object]) -> Soaked:
    """Let it go on for a time."""
    with crowd.gathered(GUESTS + COMERS), tempfile.TemporaryDirectory() as directory:
        agent = Agent(Path(directory)).start()
        try:
            attaching.attach_many(agent, range(GUESTS))
            with booting.repeatedly(range(GUESTS), SPREAD_SECONDS, PAUSE_SECONDS) as waits:
                samples = tuple(_samples(agent, seconds, tell))
        finally:
            attaching.detach_many(agent, range(GUESTS + COMERS))
            agent.stop()
    return Soaked(samples=samples, waits=waits[0])


def as_json(soaked: Soaked) -> dict[str, Any]:
    """For the file of all figures."""
    return {"guests": GUESTS, "comers": COMERS, **asdict(soaked)}


def as_table(soaked: Soaked) -> str:
    """Medians of each quarter, and how the guests fared in all of it."""
    roles = tuple(soaked.samples[0].pss_bytes)
    headers = (
        *("quarter", "attached"),
        *(f"{each}, PSS MB" for each in roles),
        *(f"{each}, descriptors" for each in roles),
        "kernel MB",
    )
    waits = soaked.waits
    fared = f"{waits.requests} requests, {len(waits.failures)} failed, p99 {waits.p99_ms:.1f} ms"
    first = f"\nFailed: {waits.failures[0]}\n" if waits.failures else ""
    rows = (_row(number, each, roles) for number, each in enumerate(_quarters(soaked.samples), 1))
    lasted = f"In {soaked.samples[-1].seconds:.0f} s"
    return tables.table(headers, rows) + f"\n{lasted}: {fared}, max {waits.max_ms:.1f} ms.\n{first}"


def _samples(agent: Agent, seconds: float, tell: Callable[[str], object]) -> Iterator[Sample]:
    began = told = time.monotonic()
    for attached in itertools.count(1):
        comer = GUESTS + attached % COMERS
        attaching.attach(agent, comer)
        attaching.detach(agent, comer)
        time.sleep(REST_SECONDS)
        now = time.monotonic()
        if now - told >= seconds / SAMPLES:
            told = now
            tell(f"soak: {now - began:.0f} of {seconds:.0f} s")
            yield _sample(agent, now - began, attached)
        if now - began >= seconds:
            return


def _sample(agent: Agent, seconds: float, attached: int) -> Sample:
    roles = {"agent": [agent.pid], "fork server": children(agent.pid), "servers": agent.server_pids()}
    return Sample(
        seconds=seconds,
        attached=attached,
        pss_bytes={role: processes.pss_bytes(pids) for role, pids in roles.items()},
        descriptors={role: processes.descriptors(pids) for role, pids in roles.items()},
        kernel_bytes=machine.kernel_bytes(),
    )


def _quarters(samples: Sequence[Sample]) -> Iterator[Sequence[Sample]]:
    for number in range(QUARTERS):
        yield samples[number * len(samples) // QUARTERS : (number + 1) * len(samples) // QUARTERS]


def _row(number: int, samples: Sequence[Sample], roles: tuple[str, ...]) -> tuple[object, ...]:
    return (
        *(number, samples[-1].attached),
        *(median(each.pss_bytes[role] for each in samples) / _MEGABYTE for role in roles),
        *(round(median(each.descriptors[role] for each in samples)) for role in roles),
        median(sum(each.kernel_bytes.values()) for each in samples) / _MEGABYTE,
    )
