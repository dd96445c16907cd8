"""A server that was taken over, and sends the agent what it likes: the test is in its place."""

import os
import socket
from typing import TYPE_CHECKING, cast
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.protocols.amp import AmpBox
from twisted.trial.unittest import TestCase

from eve_meta.agent import link
from eve_meta.agent.link import ServerLink
from eve_meta.exchange import Post
from eve_meta.messages import KeepPost
from eve_meta.milestones import Milestone
from eve_meta.passwords import MAX_BYTES, PASSWORD

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorSocket

VM = "11111111-1111-4111-8111-111111111111"
READ_AT_ONCE = 64 * 1024
"""Source: FileDescriptor.bufferSize of Twisted."""

WORDS = st.sampled_from(
    (
        b"tell-milestone",
        b"_ask",
        b"_answer",
        b"_error",
        b"_command",
        b"_error_code",
        b"keep-post",
        b"open-door",
        b"1",
    )
)
WORD = WORDS | st.binary(min_size=1, max_size=40)
POSTS = st.fixed_dictionaries(
    {
        b"_ask": WORD,
        b"_command": st.just(b"keep-post"),
        b"interface": st.sampled_from((b"tap0", b"tap\xff")) | st.binary(max_size=40),
        b"vm": st.just(VM.encode()) | WORD,
        b"kind": st.just(PASSWORD.encode()) | WORD,
        b"content": st.binary(max_size=20) | st.just(b"a" * (MAX_BYTES + 1)),
    }
)
BOXES = (st.dictionaries(WORD, WORD, max_size=6) | POSTS).map(lambda box: AmpBox(box).serialize())
SENT = st.lists(BOXES | st.binary(max_size=300), max_size=8)


def descriptors() -> int:
    """How many are open here."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - as short as can be


def question(number: int = 1, **changed: bytes) -> bytes:
    """A password that a guest has set, in the bytes of a server."""
    told = {"interface": b"tap0", "vm": VM.encode(), "kind": b"password", "content": b"secret", **changed}
    asked = {b"_ask": b"%d" % number, b"_command": KeepPost.commandName}
    box: bytes = AmpBox({**asked, **{name.encode(): value for name, value in told.items()}}).serialize()
    return box


@given(SENT, st.integers(min_value=1, max_value=200))
def test_anything(sent: list[bytes], size: int) -> None:
    """Whatever is sent, nothing is kept but a short password of some VM at some interface."""
    kept: list[tuple[str, UUID, Post]] = []
    milestones: list[tuple[str, UUID, Milestone]] = []

    async def keep(interface: str, vm: UUID, post: Post) -> None:
        kept.append((interface, vm, post))

    made, transport = ServerLink(keep, lambda *told: milestones.append(told), lambda: None), StringTransport()
    made.makeConnection(transport)
    data = b"".join(sent)
    for start in range(0, len(data), size):
        try:
            made.dataReceived(data[start : start + size])
        except Exception:  # noqa: BLE001 - the reactor takes any for the end of the connection
            break
        if transport.disconnecting:
            break

    assert all(isinstance(vm, UUID) for _, vm, _ in milestones)
    for interface, vm, post in kept:
        assert len(interface) <= 15
        assert isinstance(vm, UUID)
        assert len(post.content) <= MAX_BYTES


class HostileServerTests(TestCase):
    """Over a real socket, where the kernel passes descriptors and holds back who is not read from."""

    def setUp(self) -> None:
        self.kept: list[bytes] = []
        self.told: list[tuple[str, UUID, Milestone]] = []
        self.keeping: Deferred[None] | None = None
        self.lost: Deferred[None] = Deferred()
        self.link = ServerLink(
            self.keep, lambda *told: self.told.append(told), lambda: self.lost.callback(None)
        )
        ours, self.server = socket.socketpair()
        self.addCleanup(self.server.close)
        self.server.setblocking(False)  # noqa: FBT003 - the socket module's way
        ours.setblocking(False)  # noqa: FBT003
        made = ServerFactory.forProtocol(lambda: self.link)
        made.noisy = False
        with ours:
            cast("IReactorSocket", reactor).adoptStreamConnection(
                ours.fileno(),
                socket.AF_UNIX,
                made,  # type: ignore[arg-type] # invariant in its protocol
            )
        self.addCleanup(self.hang_up)

    async def keep(self, interface: str, vm: UUID, post: Post) -> None:
        """Remember what is asked, and answer when the test says so."""
        del interface, vm
        self.kept.append(post.content)
        if self.keeping:
            await self.keeping

    async def hang_up(self) -> None:
        """Have no more to do with it."""
        self.server.close()
        await self.lost

    async def send(self, data: bytes) -> int:
        """Send all that is taken, while the agent gets on with it; how much it was."""
        sent = 0
        for _ in range(1000):
            try:
                sent += self.server.send(data[sent:]) if sent < len(data) else 0
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                break
            await deferLater(reactor, 0)
        return sent

    async def test_served(self) -> None:
        await self.send(question())

        assert self.kept == [b"secret"]
        assert b"_answer" in self.server.recv(1000)

    async def test_rubbish(self) -> None:
        await self.send(os.urandom(100_000))

        await self.lost
        self.flushLoggedErrors()

    async def test_answer_to_nothing(self) -> None:
        await self.send(AmpBox({b"_answer": b"7"}).serialize())

        await self.lost
        assert len(self.flushLoggedErrors(KeyError)) == 1

    async def test_unknown_question(self) -> None:
        """Is answered with an error, as any; it changes nothing."""
        await self.send(AmpBox({b"_ask": b"1", b"_command": b"open-door"}).serialize())

        assert b"UNHANDLED" in self.server.recv(1000)

    async def test_message_without_end(self) -> None:
        """Of a message with ever more keys no more is kept than a bound."""
        pieces = b"".join(b"\0\x08%08d\0\0" % number for number in range(1_000_000))
        sent = await self.send(pieces)

        await self.lost
        assert sent < len(pieces) / 10

    async def test_descriptor(self) -> None:
        """Is closed, and the connection with it."""
        await deferLater(reactor, 0)
        before = descriptors()
        socket.send_fds(self.server, [question()], [0] * 100)

        await self.lost
        await deferLater(reactor, 0)
        assert descriptors() == before - 1, "all but our end of its socket"

    async def test_long_password(self) -> None:
        await self.send(question(content=b"a" * (MAX_BYTES + 1)))

        await self.lost
        assert len(self.flushLoggedErrors(ValueError)) == 1
        assert self.kept == []

    async def test_milestone(self) -> None:
        """One that there is is taken, without an answer; any other ends it."""
        told = {b"_command": b"tell-milestone", b"interface": b"tap0", b"vm": VM.encode()}
        await self.send(AmpBox({**told, b"milestone": b"asked"}).serialize())
        assert [("tap0", UUID(VM), Milestone.ASKED)] == self.told

        await self.send(AmpBox({**told, b"milestone": b"rich"}).serialize())
        await self.lost
        assert len(self.flushLoggedErrors(ValueError)) == 1

    async def test_unknown_kind(self) -> None:
        await self.send(question(kind=b"secret"))

        await self.lost
        assert len(self.flushLoggedErrors(KeyError)) == 1
        assert self.kept == []

    async def test_long_name(self) -> None:
        await self.send(question(interface=b"a" * 16))

        await self.lost
        assert len(self.flushLoggedErrors(ValueError)) == 1
        assert self.kept == []

    async def test_many_at_once(self) -> None:
        """No more are under way than a bound; the others are answered that it may try again."""
        self.patch(link, "MAX_ASKED", 10)
        self.keeping = Deferred()
        await self.send(b"".join(map(question, range(25))))

        assert len(self.kept) == 10
        assert self.server.recv(100_000).count(b"NOT-KEPT") == 15
        self.keeping.callback(None)

    async def test_answers_that_are_not_read(self) -> None:
        """Of one that asks on and on, and reads nothing, the agent reads no more."""
        flood = question() * 100_000
        sent = await self.send(flood)

        assert sent < len(flood) / 2
        assert self.server.recv(1000)
        assert len(self.kept) * len(question()) <= sent
