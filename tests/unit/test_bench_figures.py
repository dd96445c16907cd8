"""The benchmark's figures: what is told of several rounds, and how."""

from tests.bench import figures, tables


def test_ratio() -> None:
    """A ratio is the median of the rounds' own, so a machine that slows down meanwhile does not matter."""
    assert figures.ratio([10, 100, 1000], [20, 200, 1000]) == 0.5


def test_percentiles() -> None:
    """There are 99, and the middle one is the median."""
    found = figures.percentiles([1.0, 2.0, 9.0])
    assert (99, 2.0) == (len(found), found[49])


def test_table() -> None:
    """Numbers stand to the right, with three digits; words to the left."""
    assert tables.table(("who", "ms"), [("one", 1.234), ("all", 123.4), ("none", "")]) == (
        "| who  |   ms |\n|------|-----:|\n| one  | 1.23 |\n| all  |  123 |\n| none |      |\n"
    )
