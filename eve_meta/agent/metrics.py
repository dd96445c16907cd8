"""What is counted, as Prometheus reads it.

An interface has two time series and three for each format that was asked for, and there are a hundred or two
besides: nothing that a guest says is a label, but which of our formats it asks for. Source:
https://prometheus.io/docs/instrumenting/exposition_formats/, writing_exporters/.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import final

from attrs import asdict, fields_dict, frozen
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from eve_meta.agent.status import Counts, State, Status
from eve_meta.limits import Limits
from eve_meta.totals import BOUNDS, Totals
from eve_meta.traffic import Traffic

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_MICROSECONDS = 1_000_000

_OF_INTERFACE = ("interface", "vm")


def exposition(
    counts: Counts, statuses: Iterable[Status], traffic: Mapping[str, Traffic], totals: Totals
) -> bytes:
    """All metrics as text."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(counts, tuple(statuses), traffic, totals))
    text: bytes = generate_latest(registry)
    return text


@final
@frozen(eq=False)
class _Snapshot(Collector):
    """The metrics at one time."""

    _counts: Counts
    _statuses: tuple[Status, ...]
    _traffic: Mapping[str, Traffic]
    _totals: Totals

    def collect(self) -> Iterator[Metric]:
        """Of the agent first, then of all guests together, then of what is attached."""
        yield from _of_agent(self._counts)
        yield from _of_servers(self._totals)
        yield _states(self._statuses)
        yield from _of_guests((each, self._traffic.get(each.interface)) for each in self._statuses)


def _of_agent(counts: Counts) -> Iterator[Metric]:
    yield SummaryMetricFamily(
        "eve_meta_attach_seconds",
        "Attaches that were done, and how long they took in the agent.",
        count_value=counts.attaches,
        sum_value=counts.attach_seconds,
    )
    for name, help_text, value in (
        ("eve_meta_looks", "Looks at an interface, whatever came of them.", counts.looks),
        ("eve_meta_repairs", "Interfaces that were put right after others had spoiled them.", counts.repairs),
        ("eve_meta_server_starts", "Servers that were started, the first of each too.", counts.server_starts),
    ):
        yield CounterMetricFamily(name, help_text, value=value)
    problems = "What is not served although it should be, for no interface's sake."
    yield GaugeMetricFamily("eve_meta_problems", problems, value=counts.problems)


def _of_servers(totals: Totals) -> Iterator[Metric]:
    """A server that begins anew counts anew, as Prometheus knows of any process."""
    answers = CounterMetricFamily(
        "eve_meta_answers", "Answers to guests, by what was asked for.", labels=["format", "status"]
    )
    for (each, status), number in sorted(totals.answers.items()):
        answers.add_metric([each, str(status)], number)
    yield answers
    bounds = [*(f"{each:g}" for each in BOUNDS), "+Inf"]
    yield HistogramMetricFamily(
        "eve_meta_answer_seconds",
        "From a whole request to its answer, but for those that wait for a change.",
        buckets=list(zip(bounds, totals.up_to, strict=True)),
        sum_value=totals.microseconds / _MICROSECONDS,
    )
    hits = CounterMetricFamily(
        "eve_meta_limits_hit", "How often a limit has bounded a guest.", labels=["limit"]
    )
    for limit in fields_dict(Limits):
        hits.add_metric([limit], totals.limits.get(limit, 0))
    yield hits


def _states(statuses: Iterable[Status]) -> Metric:
    family = GaugeMetricFamily("eve_meta_interfaces", "Attached interfaces by state.", labels=["state"])
    numbers = Counter(each.state for each in statuses)
    for state in State:
        family.add_metric([state.value], numbers[state])
    return family


def _of_guests(attached: Iterable[tuple[Status, Traffic | None]]) -> Iterator[Metric]:
    """Of an interface that is not answered at present nothing is told."""
    requests = CounterMetricFamily(
        "eve_meta_requests",
        "Requests since the interface's door was opened: answered (2xx, 3xx), refused (4xx), failed (5xx).",
        labels=[*_OF_INTERFACE, "format", "outcome"],
    )
    connections = GaugeMetricFamily(
        "eve_meta_connections", "Connections of guests that are open.", labels=_OF_INTERFACE
    )
    last = GaugeMetricFamily(
        "eve_meta_last_request_timestamp_seconds", "When a guest asked last.", labels=_OF_INTERFACE
    )
    for status, traffic in attached:
        if traffic is None:
            continue
        labels = [status.interface, str(status.uuid)]
        for name, outcomes in traffic.formats.items():
            for outcome, number in asdict(outcomes).items():
                requests.add_metric([*labels, name, outcome], number)
        connections.add_metric(labels, traffic.connections)
        if traffic.last_at is not None:
            last.add_metric(labels, traffic.last_at)
    yield from (requests, connections, last)
