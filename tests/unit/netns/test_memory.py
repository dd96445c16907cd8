"""The network in memory keeps the contract."""

import errno

import pytest

from netns import Changes, KernelRefusedError
from netns.memory import MemoryNetwork
from netns.steps import AddNamespace
from tests.contract.network import NetworkContract


class MemoryWorld(MemoryNetwork):
    """A network in memory is all its world."""

    def __init__(self) -> None:
        super().__init__()
        self.network = self

    def add_bridge(self, name: str) -> None:
        self.add_port(name, objection="is a bridge: name the VM's port on it, e.g. tap0")


class TestMemoryNetwork(NetworkContract):
    """`MemoryNetwork` is a network."""

    @pytest.fixture
    def world(self) -> MemoryWorld:
        """A host with nothing on it."""
        return MemoryWorld()


def test_refusal() -> None:
    """A step is refused as long as a test says so, and changes nothing."""
    network = MemoryNetwork()
    network.refusals[AddNamespace("tap0")] = KernelRefusedError("make a namespace", errno.ENOSPC)
    with pytest.raises(KernelRefusedError, match="No space left"):
        network.apply(AddNamespace("tap0"))
    assert ([], True) == (network.applied, network.see("tap0").is_clear)

    network.refusals.clear()
    network.apply(AddNamespace("tap0"))

    assert [AddNamespace("tap0")] == network.applied


def test_overflow() -> None:
    """A watch whose buffer was full says that it is not complete, once."""
    network = MemoryNetwork()
    watch = network.watch()
    network.add_port("tap0")
    network.overflow()
    network.add_port("tap1")

    assert [Changes(frozenset({"tap1"}), is_complete=False), Changes(frozenset())] == [
        watch.read(),
        watch.read(),
    ]
    watch.close()
