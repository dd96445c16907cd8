"""The load generator, in a guest: `wrk`, and what it says at the end."""

import json
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.hosts import IPV4, Guest

_REPORT = Path(__file__).with_name("report.lua")
_PATIENCE_SECONDS = 30


_PORTS = ("net.ipv4.ip_local_port_range=1024 65535", "net.ipv4.tcp_tw_reuse=1")
"""A guest's ports last for as many connections as wrk opens: those that it closed itself are used again after
a second. Where a guest has none left its kernel looks through all of them for each connection.
"""


class FailedRequestsError(AssertionError):
    """Not all that was asked was answered: then the figures say nothing."""


@frozen(kw_only=True)
class Load:
    """How a guest asks.

    Attributes:
        path: what for.
        keeps_alive: whether a connection is used again.
        connections: open at once.
        seconds: how long.
        cpus: where the generator may run.
    """

    path: str
    keeps_alive: bool
    connections: int
    seconds: int
    cpus: frozenset[int]


@frozen(kw_only=True)
class Answered:
    """What came of it; of several guests that ask at once, of all together.

    Attributes:
        p50_ms: half of the requests took no longer; of several guests, that of the slowest.
        generator_seconds: CPU time of the generator.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    generator_seconds: float


def prepare(guest: Guest) -> None:
    """Let a guest open as many connections as wrk wants."""
    guest.run("sysctl", "-qw", *_PORTS)


def ask(namespaces: Sequence[Path], load: Load) -> Answered:
    """Ask from each of some network namespaces, at the same time.

    Raises:
        FailedRequestsError: there was an answer other than 2xx or 3xx, or none.
    """
    before = _generator_seconds()
    running = [
        subprocess.Popen(_command(each, load), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for each in namespaces
    ]
    told = [each.communicate(timeout=load.seconds + _PATIENCE_SECONDS)[0] for each in running]
    reports = [_report(each) for each in told]
    return Answered(
        requests=sum(each["requests"] for each in reports),
        seconds=max(each["seconds"] for each in reports),
        p50_ms=max(each["p50_ms"] for each in reports),
        p99_ms=max(each["p99_ms"] for each in reports),
        generator_seconds=_generator_seconds() - before,
    )


def _report(told: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(told.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise FailedRequestsError(told) from error
    if any(report["refused"].values()) or not report["requests"]:
        raise FailedRequestsError(told)
    return report


def _command(namespace: Path, load: Load) -> list[str]:
    """One thread suffices: wrk answers ten times as fast as it is asked here."""
    return [
        "nsenter",
        f"--net={namespace}",
        "taskset",
        "--cpu-list",
        ",".join(map(str, sorted(load.cpus))),
        "wrk",
        "--threads=1",
        f"--connections={load.connections}",
        f"--duration={load.seconds}s",
        f"--script={_REPORT}",
        *(() if load.keeps_alive else ("--header=Connection: close",)),
        f"http://{IPV4}{load.path}",
    ]


def _generator_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
