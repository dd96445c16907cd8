"""What processes use: CPU time, memory, descriptors. Source: proc_pid_stat(5), proc_pid_smaps(5)."""

import os
from collections.abc import Iterable
from pathlib import Path

from tests.agents import children

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """What a process and its threads have run so far, for itself and in the kernel; to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def with_descendants(pid: int) -> tuple[int, ...]:
    """A process, and all that come from it."""
    return (pid, *(each for child in children(pid) for each in with_descendants(child)))


def pss_bytes(pids: Iterable[int]) -> int:
    """The memory of processes, where what several share counts once."""
    return sum(_kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") for pid in pids) * 1024


def descriptors(pids: Iterable[int]) -> int:
    """How many descriptors processes have open, together."""
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)  # noqa: PTH208 - counted, not looked at


def _kilobytes(path: Path, name: str) -> int:
    lines = path.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
