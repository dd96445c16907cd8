"""What an agent and its clients must agree on, in nothing but the standard library: clients start fast."""

from pathlib import Path
from typing import NamedTuple

RUN_DIR = Path("/run/eve-meta")
"""Where an agent is found that was not told otherwise."""

SOCKET_PATH_MAX_BYTES = 107
"""The longest path of a Unix socket. Source: sizeof(sun_path) - 1, unix(7)."""

BODY_MAX_BYTES = 16 * 1024 * 1024
WAIT_MAX_SECONDS = 3600


class Address(NamedTuple):
    """An IP address of the host, and a port."""

    host: str
    port: int


def control_socket(run_dir: Path) -> Path:
    """Where the agent with this run directory is spoken to."""
    return run_dir / "control.sock"
