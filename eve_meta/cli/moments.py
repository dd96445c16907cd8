"""A moment, as people of this host read it."""

from datetime import datetime


def shown(at: float) -> str:
    """A Unix time by this host's clock."""
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S %Z}"
