"""The colours that states have on a terminal; `click.echo` leaves them out where nobody would see them."""

from collections.abc import Mapping

import click

STATES: Mapping[str, str] = {"open": "green", "opening": "yellow", "absent": "yellow", "failed": "red"}
"""In click's words, which are rich's, too."""


def coloured(text: str) -> str:
    """A text in the colour of the state that it is, if it is one."""
    return click.style(text, fg=STATES[text]) if text in STATES else text
