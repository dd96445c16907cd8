"""Whether who started the agent keeps descriptors for the next one; asked before there is much imported.

Source: "File Descriptor Store" of systemd.
"""

from collections.abc import Mapping


def keeps_descriptors(environ: Mapping[str, str]) -> bool:
    """Whether the process that has these variables is to hand its descriptors over."""
    return environ.get("FDSTORE", "0") != "0"
