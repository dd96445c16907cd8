"""The dashboard and the alert rules ask for metrics that there are."""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from eve_meta.agent.metrics import exposition
from eve_meta.agent.status import Counts, State, Status
from eve_meta.totals import Totals
from eve_meta.traffic import Outcomes, Traffic

HERE = Path(__file__).parents[2] / "docs" / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((HERE / "dashboard.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((HERE / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
VARIABLES = [each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
COLUMNS = 24
"""Of a dashboard. Source: https://grafana.com/docs/grafana/latest/, "Panel size and position"."""

SET_BY_PROMETHEUS = {"job", "instance"}
"""Labels of every series. Source: https://prometheus.io/docs/concepts/jobs_instances/"""


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """Of each metric that is told."""
    status = Status(
        interface="tap0",
        uuid=UUID(int=1),
        name=None,
        state=State.OPEN,
        reason=None,
        revision=1,
        has_password=False,
        namespace="",
        link="",
        server_pid=None,
        took_ms=None,
    )
    traffic = Traffic.of({"ec2": Outcomes(answered=1)}, connections=0, last_at=1.0, last_path="/")
    counts = Counts(attaches=1, attach_seconds=1.0, looks=1, repairs=0, server_starts=1, problems=0)
    text = exposition(counts, [status], {"tap0": traffic}, Totals(answers={("ec2", 200): 1})).decode()
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("expression", [*QUERIES, *VARIABLES, *(rule["expr"] for rule in RULES)])
def test_expressions(expression: str, labels: dict[str, set[str]]) -> None:
    """Each metric is told, and has the labels that it is selected by."""
    asked = re.findall(r"\b(eve_meta_\w+|up)(?:\{(.*?)\})?", expression)
    assert asked
    for metric, selected in asked:
        names = set(re.findall(r"(\w+)\s*[=!]~?", selected))
        known = {"job"} if metric == "up" else labels[metric] | SET_BY_PROMETHEUS
        assert names <= known


def cells_of(x: int, y: int, w: int, h: int) -> list[tuple[int, int]]:
    """What a panel covers."""
    return list(product(range(x, x + w), range(y, y + h)))


def test_dashboard() -> None:
    """It is what Grafana imports: panels of their own, side by side, that ask the source that was chosen."""
    panels = DASHBOARD["panels"]
    assert len(panels) == len({each["id"] for each in panels}) == len({each["title"] for each in panels})
    cells = [cell for each in panels for cell in cells_of(**each["gridPos"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < COLUMNS
    assert {"${datasource}"} == {
        each["datasource"]["uid"] for panel in panels for each in (panel, *panel["targets"])
    }


def test_variables() -> None:
    """Each that a query names is there."""
    known = {each["name"] for each in DASHBOARD["templating"]["list"]}
    named = {name for query in (*QUERIES, *VARIABLES) for name in re.findall(r"\$(?!__)\{?(\w+)", query)}
    assert named <= known


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_rules(rule: dict[str, Any]) -> None:
    """Each says how grave it is, what has happened and what to do."""
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert {"summary", "description"} == rule["annotations"].keys()
