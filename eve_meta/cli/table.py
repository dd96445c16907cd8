"""Text in columns."""

from collections.abc import Iterable, Sequence

GAP = "  "


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """One line per row, each column as wide as its widest cell; no blanks at the end."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [GAP.join(map(str.ljust, row, widths)).rstrip() for row in cells]
