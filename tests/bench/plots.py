"""Plots of the figures, as SVG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.booting import Waits
from tests.bench.scale import Size
from tests.bench.serving import Cell
from tests.bench.soak import Soaked
from tests.bench.storm import Storm

# Text stays text, and the same figures give the same file.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "eve-meta", "font.size": 8})

_BAR = 0.2


def of_requests(cells: Sequence[Cell]) -> Figure:
    """Bars: requests a second, by what was asked for and how, and by whom."""
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axes = figure.subplots()
    kinds = list(dict.fromkeys((each.answer, each.connections) for each in cells))
    for place, name in enumerate(dict.fromkeys(each.contender for each in cells)):
        heights = [each.middle("per_second") for each in cells if each.contender == name]
        axes.bar([number + (place - 1.5) * _BAR for number in range(len(kinds))], heights, _BAR, label=name)
    axes.set_xticks(range(len(kinds)), [f"{answer}\n{connections}" for answer, connections in kinds])
    axes.set_ylabel("requests/s")
    axes.legend()
    return figure


def of_scale(sizes: Sequence[Size]) -> Figure:
    """Lines by the number of interfaces: attach and detach, start, memory."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    times, start, memory = figure.subplots(1, 3)
    numbers = [each.attached.interfaces for each in sizes]
    times.plot(numbers, [each.attached.attach_ms for each in sizes], "o-", label="attach")
    times.plot(numbers, [each.detach_ms for each in sizes], "o-", label="detach")
    times.plot(numbers, [each.command_ms for each in sizes], "o-", label="eve-meta attach")
    start.plot(numbers, [each.start_seconds for each in sizes], "o-", label="start")
    memory.plot(numbers, [each.pss_bytes / 1e6 for each in sizes], "o-", label="our processes, PSS")
    memory.plot(numbers, [sum(each.kernel_bytes.values()) / 1e6 for each in sizes], "o-", label="kernel")
    for axes, unit in ((times, "ms"), (start, "s"), (memory, "MB")):
        _finish(axes, "interfaces", unit)
    return figure


def of_storm(storm: Storm) -> Figure:
    """Lines: of how many requests the answer was there by when."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    for number, waits in enumerate(storm.together, 1):
        _add_percentiles(axes, waits, f"all at once, round {number}")
    _add_percentiles(axes, storm.calm, "one, alone")
    _add_percentiles(axes, storm.meanwhile, "one, while others are attached")
    _finish(axes, "ms", "% answered")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    return figure


def of_soak(soaked: Soaked) -> Figure:
    """Lines over time: memory and descriptors of the processes."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    memory, descriptors = figure.subplots(1, 2)
    minutes = [each.seconds / 60 for each in soaked.samples]
    for role in soaked.samples[0].pss_bytes:
        memory.plot(minutes, [each.pss_bytes[role] / 1e6 for each in soaked.samples], label=role)
        descriptors.plot(minutes, [each.descriptors[role] for each in soaked.samples], label=role)
    _finish(memory, "minutes", "PSS MB")
    _finish(descriptors, "minutes", "descriptors")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a file without a date in it."""
    figure.savefig(path, format="svg", metadata={"Date": None})


def _add_percentiles(axes: Axes, waits: Waits, label: str) -> None:
    axes.plot(waits.percentiles_ms, range(1, len(waits.percentiles_ms) + 1), label=label)


def _finish(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_ylim(bottom=0)
    axes.legend()
