"""Tells what each of cloud-init's renderers makes of a network configuration, and what they warned of.

For Debian's own Python, which has cloud-init. It reads the configuration from its input, and prints JSON.
"""

import importlib
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

RENDERERS = ("networkd", "netplan", "eni", "sysconfig")


class Notes(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said.append(record.getMessage())


def module(name: str) -> Any:
    """A module that the tests' own Python has not."""
    return importlib.import_module(name)


def rendered(config: dict[str, Any], name: str) -> str:
    """All the text that a renderer writes."""
    options = module("cloudinit.distros.rhel").Distro.renderer_configs.get(name)
    renderer = module(f"cloudinit.net.{name}").Renderer(options)
    state = module("cloudinit.net.network_state").parse_net_config_data(
        config, skip_broken=False, renderer=renderer
    )
    with tempfile.TemporaryDirectory() as directory:
        renderer.render_network_state(state, target=directory)
        files = sorted(path for path in Path(directory).rglob("*") if path.is_file())
        return "\n".join(path.read_text(encoding="utf-8") for path in files)


if __name__ == "__main__":
    notes = Notes()
    logging.getLogger().addHandler(notes)
    given = module("cloudinit.util").load_yaml(sys.stdin.read())
    json.dump(
        {"files": {name: rendered(given, name) for name in RENDERERS}, "warned": notes.said}, sys.stdout
    )
