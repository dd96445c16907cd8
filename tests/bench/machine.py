"""What was measured on: a line for people, and the kernel's memory."""

import os
import platform
from pathlib import Path

KERNEL_KINDS = ("Slab", "Percpu", "KernelStack", "PageTables")
"""What namespaces, links and sockets are made of. Source: proc_meminfo(5)."""


def machine() -> str:
    """CPU, kernel and Python."""
    models = [
        line
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if "model name" in line
    ]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    cpus = len(os.sched_getaffinity(0))
    return f"{cpus} CPUs ({model}), Linux {platform.release()}, Python {platform.python_version()}"


def kernel_bytes() -> dict[str, int]:
    """The kernel's memory, by kind."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    found = {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines)}
    return {kind: found[kind] for kind in KERNEL_KINDS}
