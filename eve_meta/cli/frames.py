"""How many frames of a guest were for us: its ARP requests and neighbour solicitations are counted, too."""

from pathlib import Path

_DEVICES = Path("/proc/net/dev")
_SENT = 9
"""Of a device's counters that of the packets that it has sent. Source: linux/net/core/net-procfs.c."""


def steered(link: str) -> int | None:
    """Those that went through an interface's link into its namespace; None if there is no such link here."""
    for line in _DEVICES.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == link:
            return int(counters.split()[_SENT])
    return None
