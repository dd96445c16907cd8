"""The command line of the benchmark; see docs/performance.md."""

from pathlib import Path

import click

from tests.bench import scale, serving, storm
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


@main.command("scale")
@out
@quick
@click.option("--sizes", default="1,100,1000,2000", show_default=True, help="Numbers of interfaces.")
@click.option("--starts", default=3, show_default=True, help="How often the agent is started at each.")
def by_size(*, out: Path | None, quick: bool, sizes: str, starts: int) -> None:
    """What attach, detach, start and memory cost by the number of interfaces."""
    growth = scale.Growth(
        sizes=(1, 10) if quick else tuple(map(int, sizes.split(","))),
        starts=1 if quick else starts,
        samples=2 if quick else 10,
    )
    found = scale.measure(growth, progress)
    Report(out).add("scale", scale.as_json(growth, found), scale.as_table(found))


@main.command("storm")
@out
@quick
@click.option("--guests", default=500, show_default=True, help="How many boot at once.")
@click.option("--spread", default=0.0, show_default=True, help="Within how many seconds they start.")
@click.option("--rounds", default=3, show_default=True, help="How often.")
def boot_storm(*, out: Path | None, quick: bool, guests: int, spread: float, rounds: int) -> None:
    """How long guests wait while many boot, and while many are attached."""
    weather = storm.Weather(
        guests=min(guests, 10) if quick else guests, spread_seconds=spread, rounds=1 if quick else rounds
    )
    found = storm.measure(weather, progress)
    Report(out).add("storm", storm.as_json(weather, found), storm.as_table(weather, found))


if __name__ == "__main__":
    main()
