"""What attach, detach, start and memory cost by the number of interfaces."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from attrs import asdict, frozen

from tests.agents import Agent
from tests.bench import attaching, booting, crowd, machine, processes, starting, tables

SINGLY = 100
"""So many are attached one after the other at first, and again at last before each number is reached."""
BOOTED = 10
"""So many guests boot after a start."""

_MEGABYTE = 1e6


@frozen(kw_only=True)
class Growth:
    """To which numbers of interfaces it grows, and how often it is tried what can be tried again.

    Attributes:
        starts: of the agent, at each number.
        samples: of commands and detaches, at each number.
    """

    sizes: tuple[int, ...]
    starts: int
    samples: int


@frozen(kw_only=True)
class Attached:
    """How a number of interfaces was reached.

    Attributes:
        attach_ms: the median of the last hundred at most, each over the control socket.
        many: how many were attached by one command before; None if none.
        many_seconds: how long those took.
    """

    interfaces: int
    attach_ms: float
    many: int | None
    many_seconds: float | None


@frozen(kw_only=True)
class Size:
    """What was found at one number of interfaces; times are medians.

    Attributes:
        command_ms: `eve-meta attach`, with its process.
        start_seconds: from the agent's start until every door is open.
        pss_bytes: of all our processes, after the attaches.
        started_pss_bytes: of all our processes, after the last start.
        kernel_bytes: what the kernel uses more than when nothing was attached, by kind.
        descriptors: of all our processes.
    """

    attached: Attached
    command_ms: float
    detach_ms: float
    start_seconds: float
    pss_bytes: int
    started_pss_bytes: int
    kernel_bytes: dict[str, int]
    descriptors: int


def measure(growth: Growth, tell: Callable[[str], object]) -> tuple[Size, ...]:
    """Attach more and more, and look at each number that is wanted."""
    most = max(growth.sizes) + growth.samples
    with crowd.gathered(most), tempfile.TemporaryDirectory() as directory:
        agent = Agent(Path(directory)).start()
        # What the first brings with it, modules of the kernel and of Python, is not the first one's cost.
        attaching.attach(agent, 0)
        attaching.detach(agent, 0)
        before = machine.kernel_bytes()
        found: list[Size] = []
        try:
            for size in sorted(growth.sizes):
                reached = found[-1].attached.interfaces if found else 0
                attached = _attach(agent, range(reached, size))
                found.append(_looked_at(agent, growth, attached, before))
                tell(f"scale: {size} interfaces")
        finally:
            attaching.detach_many(agent, range(most))
            agent.stop()
    return tuple(found)


def as_json(growth: Growth, sizes: Sequence[Size]) -> dict[str, Any]:
    """For the file of all figures."""
    return {"growth": asdict(growth), "sizes": [asdict(each) for each in sizes]}


def as_table(sizes: Sequence[Size]) -> str:
    """A row for each number of interfaces; what is told of each of them is told where there are enough."""
    headers = (
        *("interfaces", "attach ms", "of first", "command ms", "detach ms", "in one command"),
        *("start s", "PSS MB", "after start", "kernel MB", "kernel kB each", "descriptors"),
    )
    enough = (each.attached.attach_ms for each in sizes if each.attached.interfaces >= SINGLY)
    first_ms = next(enough, None)
    return tables.table(headers, (_row(each, first_ms) for each in sizes))


def _attach(agent: Agent, numbers: range) -> Attached:
    """All but the last hundred by one command, the last one by one."""
    many, singly = numbers[:-SINGLY], numbers[-SINGLY:]
    seconds = attaching.attach_many(agent, many) if many else None
    each_ms = [attaching.attach(agent, number) for number in singly]
    return Attached(
        interfaces=numbers.stop, attach_ms=median(each_ms), many=len(many) or None, many_seconds=seconds
    )


def _looked_at(agent: Agent, growth: Growth, attached: Attached, before: dict[str, int]) -> Size:
    after = machine.kernel_bytes()
    pids = processes.with_descendants(agent.pid)
    pss, descriptors = processes.pss_bytes(pids), processes.descriptors(pids)
    more = range(attached.interfaces, attached.interfaces + growth.samples)
    command_ms = median([attaching.attach_by_command(agent, number) for number in more])
    detach_ms = median([attaching.detach(agent, number) for number in more])
    start_seconds = median([_started(agent, attached.interfaces) for _ in range(growth.starts)])
    return Size(
        attached=attached,
        command_ms=command_ms,
        detach_ms=detach_ms,
        start_seconds=start_seconds,
        pss_bytes=pss,
        started_pss_bytes=processes.pss_bytes(processes.with_descendants(agent.pid)),
        kernel_bytes={kind: after[kind] - before[kind] for kind in after},
        descriptors=descriptors,
    )


def _started(agent: Agent, interfaces: int) -> float:
    """Start the agent anew, and see that some guests are answered."""
    agent.stop()
    seconds = starting.start_seconds(agent, interfaces)
    booted = booting.once(min(interfaces, BOOTED), 0)
    assert not booted.failures, booted.failures
    return seconds


def _row(size: Size, first_ms: float | None) -> tuple[object, ...]:
    attached, kernel = size.attached, sum(size.kernel_bytes.values())
    is_enough = attached.interfaces >= SINGLY
    return (
        *(attached.interfaces, attached.attach_ms),
        attached.attach_ms / first_ms if is_enough and first_ms else "",
        *(size.command_ms, size.detach_ms),
        f"{attached.many} in {attached.many_seconds:.1f} s" if attached.many else "",
        *(size.start_seconds, size.pss_bytes / _MEGABYTE, size.started_pss_bytes / _MEGABYTE),
        kernel / _MEGABYTE,
        kernel / 1e3 / attached.interfaces if is_enough else "",
        size.descriptors,
    )
