"""Where the figures go: tables to standard output; pages, plots and JSON into a directory."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from matplotlib.figure import Figure

from tests.bench import plots
from tests.bench.machine import machine

_FIGURES = "bench.json"


@frozen
class Report:
    """What has been found; what was found of other kinds stays in the directory.

    Attributes:
        directory: where files are written; None for none.
    """

    directory: Path | None

    def add(self, kind: str, found: Mapping[str, Any], table: str, plot: Figure) -> None:
        """Tell of one kind of figures."""
        page = f"# {kind.capitalize()}\n\nMeasured on {machine()}.\n\n{table}"
        sys.stdout.write(f"\n{page}")
        sys.stdout.flush()
        if self.directory:
            self.directory.mkdir(parents=True, exist_ok=True)
            (self.directory / f"{kind}.md").write_text(page, encoding="utf-8")
            plots.save(plot, self.directory / f"{kind}.svg")
            _keep(self.directory / _FIGURES, kind, {"machine": machine(), **found})


def progress(words: str) -> None:
    """Tell what goes on."""
    sys.stderr.write(f"{words}\n")


def _keep(file: Path, kind: str, found: Mapping[str, Any]) -> None:
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps(before | {kind: found}, indent=1) + "\n", encoding="utf-8")
