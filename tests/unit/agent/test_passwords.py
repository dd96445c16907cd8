"""A guest's password on its way: from a door to the disk, and to all doors of its VM."""

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from eve_meta.agent.inventory import Inventory
from eve_meta.agent.status import NotAttachedError
from eve_meta.exchange import Post
from eve_meta.messages import PasswordSetError
from eve_meta.passwords import PASSWORD
from netns import KernelRefusedError
from netns.steps import Steer
from tests.agents import GREEN, RED
from tests.unit.agent.memory_host import AgentTestCase

PATH = "/openstack/latest/password"


class PasswordTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()
        self.attach("tap0", RED)

    def clear(self, interface: str) -> bool:
        """Clear it, on the host."""
        return self.successResultOf(Deferred.fromCoroutine(self.agent.lifecycle.clear_password(interface)))

    def test_set(self) -> None:
        """What a guest sets is read by it and on the host, at all interfaces of its VM."""
        self.attach("tap1", RED)

        assert 200 == self.set_password("tap0", "sécret")
        assert ["sécret"] * 2 == [self.read(name, PATH) for name in ("tap0", "tap1")]
        assert ["sécret"] * 2 == [self.agent.lifecycle.password(name) for name in ("tap0", "tap1")]
        assert self.status_of("tap1").has_password

    def test_set_once(self) -> None:
        """A second one is refused, from another interface too."""
        self.attach("tap1", RED)
        self.set_password("tap0", "first")

        assert [409, 409] == [self.set_password(name, "second") for name in ("tap0", "tap1")]
        assert "first" == self.agent.lifecycle.password("tap1")

    def test_set_at_once(self) -> None:
        """Of two that are set before either is known to a server, the first is kept."""
        lifecycle, vm = self.agent.lifecycle, self.status_of("tap0").uuid
        first, second = (
            Deferred.fromCoroutine(lifecycle.keep("tap0", vm, Post(PASSWORD, text.encode())))
            for text in ("first", "second")
        )

        self.successResultOf(first)
        self.failureResultOf(second, PasswordSetError)
        assert "first" == self.read("tap0", PATH)

    def test_own(self) -> None:
        """It is nobody else's."""
        self.attach("tap1", GREEN)
        self.set_password("tap0", "secret")

        assert "" == self.read("tap1", PATH)
        assert "" == self.agent.lifecycle.password("tap1")
        assert not self.status_of("tap1").has_password

    def test_clear(self) -> None:
        """After it was cleared the guest can set another."""
        self.set_password("tap0", "first")

        assert [True, False] == [self.clear("tap0"), self.clear("tap0")]
        assert "" == self.read("tap0", PATH)
        assert 200 == self.set_password("tap0", "second")
        assert "second" == self.read("tap0", PATH)

    def test_new_document(self) -> None:
        """A new document leaves it as it is, and it leaves the document as it is."""
        self.set_password("tap0", "secret")
        revision = self.attach("tap0", RED | {"hostname": "new"}).revision

        assert ("new", "secret") == (self.read("tap0"), self.read("tap0", PATH))
        assert 2 == revision

    def test_restart(self) -> None:
        """It is kept over a restart of the agent."""
        self.set_password("tap0", "secret")
        self.restart()

        assert "secret" == self.read("tap0", PATH)
        assert 409 == self.set_password("tap0", "other")

    def test_server_restart(self) -> None:
        """And over a restart of the server."""
        self.set_password("tap0", "secret")
        self.successResultOf(self.processes[0].die())
        self.processes[0].start()

        assert "secret" == self.read("tap0", PATH)

    def test_detach(self) -> None:
        """It is forgotten with its VM."""
        self.set_password("tap0", "secret")
        self.successResultOf(self.detaching("tap0"))
        self.attach("tap0", RED)

        assert "" == self.read("tap0", PATH)

    def test_moved(self) -> None:
        """An interface that is another VM's by now takes no password from the one before."""
        vm = self.status_of("tap0").uuid
        self.attach("tap0", GREEN)
        keeping = Deferred.fromCoroutine(self.agent.lifecycle.keep("tap0", vm, Post(PASSWORD, b"late")))

        self.failureResultOf(keeping, NotAttachedError)
        assert "" == self.agent.lifecycle.password("tap0")

    def test_disk(self) -> None:
        """One that the disk does not take is not set, and the guest may try again."""
        state = self.directory / "state" / "vms"
        state.rename(self.directory / "elsewhere")

        assert 503 == self.set_password("tap0", "secret")
        (self.directory / "elsewhere").rename(state)
        assert 200 == self.set_password("tap0", "secret")
        assert ["secret"] == [record.password for record in Inventory.load(state).records()]

    def test_not_told(self) -> None:
        """One that cannot be told is not kept, and one that is still told is not cleared."""
        lifecycle, vm = self.agent.lifecycle, self.status_of("tap0").uuid
        self.refuse()
        self.failureResultOf(
            Deferred.fromCoroutine(lifecycle.keep("tap0", vm, Post(PASSWORD, b"secret"))), KernelRefusedError
        )
        assert "" == lifecycle.password("tap0")
        self.network.refusals = {}
        self.successResultOf(Deferred.fromCoroutine(lifecycle.keep("tap0", vm, Post(PASSWORD, b"secret"))))
        self.refuse()
        self.failureResultOf(Deferred.fromCoroutine(lifecycle.clear_password("tap0")), KernelRefusedError)
        assert "secret" == lifecycle.password("tap0")

    def refuse(self) -> None:
        """Let the next look at tap0 fail."""
        self.network.refusals = {Steer("tap0"): KernelRefusedError("steer", 12)}
        self.network.lose_steering("tap0")

    def test_not_attached(self) -> None:
        """Where nothing is served there is no password, not even none."""
        with pytest.raises(NotAttachedError):
            self.agent.lifecycle.password("tap1")
        self.failureResultOf(
            Deferred.fromCoroutine(self.agent.lifecycle.clear_password("tap1")), NotAttachedError
        )
