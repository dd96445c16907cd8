"""The kernel keeps the contract."""

from collections.abc import Iterator

import pytest
from attrs import define

from netns import namespace_of
from netns.linux import LinuxNetwork
from netns.namespaces import DIRECTORY
from tests.contract.network import NetworkContract, clean
from tests.hosts import ip, run
from tests.support import need_sandbox, soon

pytestmark = pytest.mark.integration


@define
class LinuxWorld:
    """The throw-away host that the tests run in; a VM's port is a tap."""

    network: LinuxNetwork

    def add_port(self, name: str, mtu: int = 1500) -> None:
        ip("tuntap", "add", name, "mode", "tap")
        ip("link", "set", name, "mtu", str(mtu), "up")

    def add_bridge(self, name: str) -> None:
        ip("link", "add", name, "type", "bridge")

    def remove_port(self, name: str) -> None:
        ip("link", "del", name)

    def set_mtu(self, name: str, mtu: int) -> None:
        ip("link", "set", name, "mtu", str(mtu))

    def lose_namespace(self, interface: str) -> None:
        ip("netns", "del", namespace_of(interface))

    def break_namespace(self, interface: str) -> None:
        DIRECTORY.mkdir(exist_ok=True)
        (DIRECTORY / namespace_of(interface)).touch()

    def lose_steering(self, interface: str) -> None:
        run("nft", "delete", "table", "netdev", namespace_of(interface))

    def clear(self) -> None:
        """Leave the host as it was."""
        for interface in self.network.survey(()):
            clean(self.network, interface)
        assert soon(lambda: not self.network.survey(()))
        for line in ip("-brief", "link").splitlines():
            name = line.split()[0]
            if name != "lo":
                ip("link", "del", name)
        self.network.close()


class TestLinuxNetwork(NetworkContract):
    """`LinuxNetwork` is a network."""

    @pytest.fixture
    def world(self) -> Iterator[LinuxWorld]:
        """This host."""
        need_sandbox("nft")
        made = LinuxWorld(LinuxNetwork())
        yield made
        made.clear()
