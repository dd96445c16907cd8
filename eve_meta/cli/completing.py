"""What a shell offers for a verb's arguments.

It is asked for whenever a user presses TAB: what cannot be had at once is left out, and nothing is told.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eve_meta.cli.client import Client
from eve_meta.contact import RUN_DIR

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PATIENCE_SECONDS = 1
LINKS = Path("/sys/class/net")

_ETHERNET = "1"
"""Source: ARPHRD_ETHER, linux/if_arp.h; sysfs-class-net, `type`."""

_OUR_ALIAS = "eve-meta: "
"""Of the links that the agent makes: see docs/operating.md."""


def files(_context: click.Context, _argument: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Files, which the shell itself looks for."""
    return [_item(incomplete, "file")]


def attached(context: click.Context, argument: click.Parameter, incomplete: str) -> list[str]:
    """The interfaces that are attached, but for those that are named already."""
    named = context.params.get(argument.name or "") or ()
    return sorted(set(_beginning(incomplete, _attached(context))).difference(named))


def attachable(context: click.Context, argument: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """By turns an interface of the host and a file; for the first also a directory, with `--seed` no file."""
    targets = context.params.get(argument.name or "") or ()
    if len(targets) % 2:
        return [] if context.params.get("seed") else files(context, argument, incomplete)
    names = sorted(set(_beginning(incomplete, _ports())).difference(targets))
    directory = [] if targets else [_item(incomplete, "dir")]
    return [*directory, *map(_item, names)]


def _item(value: str, kind: str = "plain") -> "CompletionItem":
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for who presses TAB alone

    return CompletionItem(value, kind)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _attached(context: click.Context) -> list[str]:
    client = Client(Path(context.params.get("run_dir") or RUN_DIR), PATIENCE_SECONDS)
    with suppress(click.ClickException):
        return [each["interface"] for each in client.list()["interfaces"]]
    return []


def _ports() -> list[str]:
    """The links of this host that may be VMs' ports: Ethernet of no special kind, and not ours."""
    with suppress(OSError):
        return [name for name in os.listdir(LINKS) if _may_be_a_port(LINKS / name)]  # noqa: PTH208 - names
    return []


def _may_be_a_port(link: Path) -> bool:
    """Bridges, bonds, VLANs, macvtaps and the like have a DEVTYPE. Source: sysfs-class-net, `uevent`."""
    try:
        kind, event, alias = ((link / name).read_text("utf-8") for name in ("type", "uevent", "ifalias"))
    except OSError:  # gone by now
        return False
    return kind.strip() == _ETHERNET and "DEVTYPE=" not in event and not alias.startswith(_OUR_ALIAS)
