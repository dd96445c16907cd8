"""Where the figures go: tables to standard output, and with JSON into a directory."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define

from tests.bench.machine import machine

_FIGURES = "bench.json"


@define
class Report:
    """What has been found so far; kinds of figures found earlier stay in the directory's file."""

    directory: Path | None

    def add(self, kind: str, found: Mapping[str, Any], table: str) -> None:
        """Tell of one kind of figures."""
        caption = f"Measured on {machine()}."
        sys.stdout.write(f"\n## {kind}\n\n{caption}\n\n{table}")
        if self.directory:
            self.directory.mkdir(parents=True, exist_ok=True)
            (self.directory / f"{kind}.md").write_text(f"{caption}\n\n{table}", encoding="utf-8")
            figures = self.directory / _FIGURES
            before = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
            told = before | {kind: {"machine": machine(), **found}}
            figures.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def progress(words: str) -> None:
    """Tell what goes on."""
    sys.stderr.write(f"{words}\n")
