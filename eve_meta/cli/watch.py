"""`eve-meta watch`."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import click
from attrs import asdict

from eve_meta.cli import options
from eve_meta.cli.client import Client
from eve_meta.cli.colours import STATES
from eve_meta.cli.examples import examples
from eve_meta.cli.table import aligned
from eve_meta.cli.watched import COLUMNS, ORDERS, Watched, watched

Show = Callable[[list[Watched]], None]


@click.command(
    short_help="Watch what guests ask, at all interfaces.",
    epilog=examples("eve-meta watch --sort errors", "eve-meta watch --json --interval 10 --count 6"),
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(tuple(ORDERS)),
    default="interface",
    show_default=True,
    help="What stands above.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--count", "times", type=click.IntRange(min=1), help="End after so many looks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each look.")
@options.run_dir
def command(order: str, interval: float, times: int | None, as_json: bool, run_dir: Path) -> None:  # noqa: FBT001 - click passes all by name
    """Show all attached interfaces, a line each: state, requests a second, errors, and what was asked last.

    On a terminal it is shown anew until Ctrl-C. Elsewhere, and as JSON, it is printed once, or --count times.
    """
    is_seen = sys.stdout.isatty() and not as_json
    looks = range(times) if times else count() if is_seen else range(1)
    with suppress(KeyboardInterrupt), _on_screen() if is_seen else _printed(as_json=as_json) as show:
        _watch(Client(run_dir), order, interval, looks, show)


def _watch(client: Client, order: str, interval: float, looks: Iterable[int], show: Show) -> None:
    before: Mapping[str, Any] = {}
    for look in looks:
        if look:
            time.sleep(interval)
        now = client.traffic()
        show(watched(client.list()["interfaces"], before, now, order))
        before = now


@contextmanager
def _printed(*, as_json: bool) -> Iterator[Show]:
    text = _json if as_json else _table
    yield lambda rows: click.echo(text(rows))


def _json(rows: list[Watched]) -> str:
    return json.dumps({"interfaces": [asdict(each) for each in rows]})


def _table(rows: list[Watched]) -> str:
    return "\n".join(aligned([COLUMNS, *(each.cells for each in rows)]))


@contextmanager
def _on_screen() -> Iterator[Show]:
    from rich.live import Live  # noqa: PLC0415 - takes as long to import as all else
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    state_column = COLUMNS.index("STATE")

    def table(rows: list[Watched]) -> Table:
        made = Table(*COLUMNS, box=None, pad_edge=False)
        for each in rows:
            cells: list[str | Text] = [*each.cells]
            cells[state_column] = Text(each.state, STATES.get(each.state, ""))
            made.add_row(*cells, style=each.style)
        return made

    with Live(screen=True, auto_refresh=False) as live:
        yield lambda rows: live.update(table(rows), refresh=True)
