"""Text in columns."""

from collections.abc import Iterable, Sequence

from eve_meta.cli.colours import coloured

GAP = "  "


def aligned(rows: Iterable[Sequence[str]], state_column: int | None = None) -> list[str]:
    """One line per row, each column as wide as its widest cell; no blanks at the end.

    Args:
        rows: of cells.
        state_column: which of the columns holds states, to be coloured; None: there is none.
    """
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = [list(map(str.ljust, row, widths)) for row in cells]
    if state_column is not None:
        for row, plain in zip(padded, cells, strict=True):
            state = plain[state_column]
            row[state_column] = row[state_column].replace(state, coloured(state), 1)
    return [GAP.join(row).rstrip() for row in padded]
