"""An agent that cannot be put together."""

from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from eve_meta.agent.service import DirectoryError
from netns.memory import MemoryNetwork
from tests.unit.agent.memory_host import make_agent


def test_state_directory(tmp_path: Path) -> None:
    """A state directory that cannot be used is named, with why and what to do."""
    (tmp_path / "state").touch()
    with pytest.raises(DirectoryError) as caught:
        make_agent(tmp_path, MemoryNetwork(), MemoryReactorClock())

    assert str(caught.value) == (
        f"{tmp_path}/state/vms: Not a directory: make it writable for root, or name another with --state-dir"
    )
