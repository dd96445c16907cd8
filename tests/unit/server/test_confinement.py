"""What a real server process gives up before it serves, and that it serves nobody otherwise."""

import os
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from eve_meta.messages import (
    CloseDoor,
)
from eve_meta.server.seccomp import LIBRARY
from tests.unit.server.server_process import Server, ServerCase, answer, brief_of


class RefusingServerTests(ServerCase):
    """A server that cannot give up its privilege as asked ends before it serves anybody."""

    async def refusal(self, *arguments: str) -> str:
        self.start(*arguments)
        assert await self.server.status() == 1
        return self.server.process.log

    @pytest.mark.skipif(os.geteuid() == 0, reason="root can become somebody else")
    async def test_without_privilege_to_give_up(self) -> None:
        assert "only root can become somebody else" in await self.refusal("--root", "/")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_a_root_that_is_not_empty(self) -> None:
        assert await self.refusal("--root", "/") == "eve-meta server: / is not empty\n"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can hide a file from one process")
    async def test_without_the_library_that_filters_system_calls(self) -> None:
        """Then it is said what to install."""
        library = f"/lib/{sys.implementation._multiarch}/{LIBRARY}"
        hidden = ("unshare", "--mount", "sh", "-c", f'mount --bind /dev/null {library}; exec "$@"', "sh")
        self.server = Server("--unconfined", launcher=hidden)
        self.addCleanup(self.end)

        assert await self.server.status() == 1
        assert "libseccomp.so.2 is not there: install the package libseccomp2\n" in self.server.process.log

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_without_the_right_to_drop_capabilities(self) -> None:
        with TemporaryDirectory() as root:
            without = ("setpriv", "--bounding-set", "-setpcap", "--inh-caps", "-setpcap")
            self.server = Server("--root", root, launcher=without)
            self.addCleanup(self.end)

            assert await self.server.status() == 1
        assert "it needs CAP_SETPCAP" in self.server.process.log

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_a_user_that_is_no_other(self) -> None:
        assert "root is root" in await self.refusal("--root", "/", "--user", "root")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
    async def test_a_user_that_does_not_exist(self) -> None:
        assert "there is no user no-such-user" in await self.refusal("--root", "/", "--user", "no-such-user")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be confined")
class ConfinedServerTests(ServerCase):
    """A server that gave up its privilege."""

    def setUp(self) -> None:
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        self.start("--root", directory.name)

    async def test_it_is_nobody(self) -> None:
        await self.open("tap1", "one")
        status = await self.kernel_status()

        assert status["Uid"].split() == status["Gid"].split() == ["65534"] * 4
        assert (status["Groups"], status["Threads"], status["NoNewPrivs"]) == ("", "1", "1")
        capabilities = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        assert [int(status[name], 16) for name in capabilities] == [0] * 5

    async def test_it_sees_an_empty_directory(self) -> None:
        await self.open("tap1", "one")

        assert (await self.proc()).joinpath("root").readlink() == self.root
        assert [str(path.relative_to(self.root)) for path in sorted(self.root.rglob("*"))] == [
            "dev",
            "dev/null",
        ]

    async def test_it_answers_without_a_file_to_read(self) -> None:
        doors = [
            await self.open(f"tap{family}", "one", family) for family in (socket.AF_INET, socket.AF_INET6)
        ]
        await self.server.refresh(["tap2", "tap10"], brief_of("two"))

        assert [await answer(door) for door in doors] == [b"two", b"two"]

        await self.server.call(CloseDoor, interface="tap2")
