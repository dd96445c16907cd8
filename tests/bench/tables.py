"""Tables in Markdown, which read well as they are. Pure."""

from collections.abc import Iterable, Sequence

_TWO_PLACES, _ONE_PLACE = 10, 100
"""Below this there are as many places behind the point: three digits are what such a figure is good for."""


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; columns with a number in them are set to the right."""
    listed = [tuple(row) for row in rows]
    cells = [tuple(headers), *(tuple(map(_cell, row)) for row in listed)]
    columns = zip(*listed, strict=True)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sides = [">" if any(isinstance(each, int | float) for each in column) else "<" for column in columns]
    shapes = list(zip(sides, widths, strict=True))
    rule = "|".join("-" * (width + 1) + (":" if side == ">" else "-") for side, width in shapes)
    lines = [
        " | ".join(f"{each:{side}{width}}" for each, (side, width) in zip(row, shapes, strict=True))
        for row in cells
    ]
    return "\n".join((f"| {lines[0]} |", f"|{rule}|", *(f"| {each} |" for each in lines[1:]))) + "\n"


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    places = 2 if abs(value) < _TWO_PLACES else 1 if abs(value) < _ONE_PLACE else 0
    return f"{value:.{places}f}"
