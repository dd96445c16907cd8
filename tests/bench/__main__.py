"""The command line of the benchmark; see docs/performance.md."""

from pathlib import Path

import click

from tests.bench import serving
from tests.bench.reports import Report, progress

out = click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where files are written.")
quick = click.option("--quick", is_flag=True, help="Less of everything: does it run?")


@click.group()
def main() -> None:
    """Measure eve-meta in a throw-away host."""


@main.command()
@out
@quick
@click.option("--rounds", default=5, show_default=True, help="How often everybody is asked everything.")
@click.option("--seconds", default=3, show_default=True, help="How long each time.")
@click.option("--connections", default=32, show_default=True, help="Open at once, of each guest.")
def requests(*, out: Path | None, quick: bool, rounds: int, seconds: int, connections: int) -> None:
    """Requests a second: one server, two, and nginx."""
    effort = serving.Effort(
        rounds=1 if quick else rounds, seconds=1 if quick else seconds, connections=connections
    )
    cells = serving.measure(effort, progress)
    Report(out).add("requests", serving.as_json(effort, cells), serving.as_table(cells))


if __name__ == "__main__":
    main()
