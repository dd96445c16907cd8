"""The command line of the benchmark; see docs/performance.md."""

from pathlib import Path

import click
from attrs import frozen

from tests.bench import plots, scale, serving, soak, storm
from tests.bench.reports import Report, progress


@frozen
class Wish:
    """What holds for all that is measured: where it is told, and whether little will do."""

    report: Report
    is_quick: bool


@click.group(invoke_without_command=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where files are written.")
@click.option("--quick", is_flag=True, help="Little of everything: does it run?")
@click.pass_context
def main(context: click.Context, *, out: Path | None, quick: bool) -> None:
    """Measure eve-meta in a throw-away host: requests, scale and storm, unless one is named."""
    context.obj = Wish(Report(out), quick)
    if context.invoked_subcommand is None:
        for each in (requests, by_size, boot_storm):
            context.invoke(each)


@main.command()
@click.option("--rounds", default=5, show_default=True, help="How often everybody is asked everything.")
@click.option("--seconds", default=3, show_default=True, help="How long each time.")
@click.option("--connections", default=32, show_default=True, help="Open at once, of each guest.")
@click.pass_obj
def requests(wish: Wish, rounds: int, seconds: int, connections: int) -> None:
    """Requests a second: one server, two, and nginx."""
    effort = serving.Effort(
        rounds=1 if wish.is_quick else rounds,
        seconds=1 if wish.is_quick else seconds,
        connections=connections,
    )
    cells = serving.measure(effort, progress)
    wish.report.add(
        "requests", serving.as_json(effort, cells), serving.as_table(cells), plots.of_requests(cells)
    )


@main.command("scale")
@click.option("--sizes", default="1,100,1000,2000", show_default=True, help="Numbers of interfaces.")
@click.option("--starts", default=3, show_default=True, help="How often the agent is started at each.")
@click.pass_obj
def by_size(wish: Wish, sizes: str, starts: int) -> None:
    """What attach, detach, start and memory cost by the number of interfaces."""
    growth = scale.Growth(
        sizes=(1, 10) if wish.is_quick else tuple(map(int, sizes.split(","))),
        starts=1 if wish.is_quick else starts,
        samples=2 if wish.is_quick else 10,
    )
    found = scale.measure(growth, progress)
    wish.report.add("scale", scale.as_json(growth, found), scale.as_table(found), plots.of_scale(found))


@main.command("storm")
@click.option("--guests", default=500, show_default=True, help="How many boot at once.")
@click.option("--spread", default=0.0, show_default=True, help="Within how many seconds they start.")
@click.option("--rounds", default=3, show_default=True, help="How often.")
@click.pass_obj
def boot_storm(wish: Wish, guests: int, spread: float, rounds: int) -> None:
    """How long guests wait while many boot, and while many are attached."""
    weather = storm.Weather(
        guests=min(guests, 10) if wish.is_quick else guests,
        calm_seconds=1 if wish.is_quick else storm.CALM_SECONDS,
        spread_seconds=spread,
        rounds=1 if wish.is_quick else rounds,
    )
    found = storm.measure(weather, progress)
    wish.report.add(
        "storm", storm.as_json(weather, found), storm.as_table(weather, found), plots.of_storm(found)
    )


@main.command("soak")
@click.argument("seconds", default=3600)
@click.pass_obj
def long_soak(wish: Wish, seconds: int) -> None:
    """Memory and descriptors while guests ask, and others are attached and detached, for an hour."""
    found = soak.measure(seconds, progress)
    wish.report.add("soak", soak.as_json(found), soak.as_table(found), plots.of_soak(found))


if __name__ == "__main__":
    main()
