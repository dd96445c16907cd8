"""What a server tells of requests, for those who show it."""

from collections.abc import Mapping
from typing import Any

import click

from eve_meta.accesses import Accesses, read


def accesses_in(told: Mapping[str, Any]) -> Accesses:
    """What the agent has handed on.

    Raises:
        click.ClickException: no server of ours has written that.
    """
    try:
        return read(told)
    except ValueError as error:
        raise click.ClickException(
            f"the server tells nonsense ({error}): has a guest taken it over?"
        ) from error
