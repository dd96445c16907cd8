"""Whatever bytes come in at the control socket, the agent goes on: no traceback, no growth, no standstill."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from eve_meta.agent.control_service import CLIENTS_MAX
from eve_meta.contact import control_socket
from tests.agents import Agent
from tests.support import soon

LIST = b"GET /v1/interfaces HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"PUT /v1/interfaces/tap0 HTTP/1.1\r\nHost: x\r\n"
SERVERS = 2
"""Of the agent that these tests share: each has a descriptor there."""

CHUNK = b"100000\r\n" + bytes(2**20) + b"\r\n"
ANSWER_SECONDS = 10
BODY_MIB = 64
WATCHED_SECONDS = 2
TICKS_PER_SECOND = 100
"""Source: USER_HZ, proc_pid_stat(5)."""


@pytest.fixture(autouse=True)
def _unharmed(agent: Agent) -> Iterator[None]:
    """The agent answers afterwards, has said nothing of a bug and holds no more than before."""
    assert soon(lambda: len(agent.server_pids()) == SERVERS)
    assert answer(agent, LIST)
    before = descriptors(agent)
    yield
    assert answer(agent, LIST).startswith(b"HTTP/1.1 200 OK\r\n")
    assert "Traceback" not in agent.said()
    assert soon(lambda: descriptors(agent) <= before), (before, descriptors(agent))


def descriptors(agent: Agent) -> int:
    """How many the agent has open."""
    return len(list(Path(f"/proc/{agent.pid}/fd").iterdir()))


def connected(agent: Agent) -> socket.socket:
    """A client that has said nothing yet."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(control_socket(agent.run_dir)))  # without a timeout, it waits for a full backlog
    client.settimeout(ANSWER_SECONDS)
    return client


def answer(agent: Agent, sent: bytes) -> bytes:
    """The beginning of what is answered to some bytes; empty if the agent hangs up."""
    with connected(agent) as client:
        client.sendall(sent)
        try:
            return client.recv(2**16)
        except ConnectionResetError:
            return b""


def memory_kib(agent: Agent) -> int:
    """The most that the agent has had."""
    status = Path(f"/proc/{agent.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def cpu_ticks(agent: Agent) -> int:
    """What of the processor's time the agent has had. Source: proc_pid_stat(5)."""
    stat = Path(f"/proc/{agent.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(stat[11]) + int(stat[12])


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n\r\n\r\n" + b"\0" * 20 + b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n a: folded\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 10_000 + b"\r\n",
        PUT + b"Content-Length: -1\r\n\r\n",
        PUT + b"Content-Length: x\r\n\r\n",
        PUT + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        PUT + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        PUT + b"Transfer-Encoding: gzip\r\n\r\n",
        PUT + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
        PUT + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 5000 + b"\r\n",
    ],
    ids=range(16),
)
def test_no_http(agent: Agent, sent: bytes) -> None:
    """What is no HTTP is answered 400, or not at all."""
    assert (answer(agent, sent) or b"HTTP/1.1 400").startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", 404),
        (b"GET /%00%ff/.. HTTP/1.1\r\n\r\n", 404),
        (b"\xff\xfe /v1/interfaces HTTP/1.1\r\n\r\n", 405),
        (b"GET /v1/interfaces?\xff=%ff HTTP/1.1\r\n\r\n", 400),
        (b"DELETE /v1/interfaces/%00 HTTP/1.1\r\n\r\n", 400),
        (PUT + b"Content-Type: \xff\r\nContent-Length: 2\r\n\r\n{}", 415),
    ],
    ids=range(6),
)
def test_odd(agent: Agent, sent: bytes, status: int) -> None:
    """What is HTTP, but nobody's, is answered in words or as no HTTP."""
    assert answer(agent, sent).startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.1 400 "))


def test_pipelining(agent: Agent) -> None:
    """Requests that are sent at once are answered one after the other."""
    with connected(agent) as client:
        client.sendall(LIST * 3)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 3:
            more = client.recv(2**16)
            assert more
            received += more


def test_half_close(agent: Agent) -> None:
    """Who sends no more counts as gone; nothing else comes of it."""
    with connected(agent) as client:
        client.sendall(LIST)
        client.shutdown(socket.SHUT_WR)
        while client.recv(2**16):
            pass


def test_body_without_end(agent: Agent) -> None:
    """What is more than a document may have is not kept."""
    answer(agent, PUT + b"Content-Length: 2\r\n\r\n{}")
    before = memory_kib(agent)
    with connected(agent) as client:
        client.sendall(PUT + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(BODY_MIB):
            client.sendall(CHUNK)
        client.sendall(b"0\r\n\r\n")
        assert client.recv(2**16).startswith(b"HTTP/1.1 413 ")
    assert memory_kib(agent) - before < BODY_MIB * 1024 // 2


def test_slow_clients(agent: Agent) -> None:
    """Who has sent half of something holds up nobody."""
    with ExitStack() as clients:
        for number in range(100):
            client = clients.enter_context(connected(agent))
            client.sendall((LIST if number % 2 else PUT + b"Content-Length: 99\r\n\r\n{")[:-1])
        assert answer(agent, LIST).startswith(b"HTTP/1.1 200 OK\r\n")


def test_too_many_clients(agent: Agent) -> None:
    """Of more clients than may be, some wait; descriptors are bounded."""
    before = descriptors(agent)
    with ExitStack() as clients:
        for _ in range(CLIENTS_MAX + 50):
            clients.enter_context(connected(agent))
        assert soon(lambda: "there are too many clients" in agent.said())
        assert descriptors(agent) <= before + CLIENTS_MAX


def test_no_descriptors(agent: Agent) -> None:
    """An agent that has run out of descriptors does not spin, and lets clients in when it has some again."""
    limit = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (descriptors(agent) + 10, limit[1]))
    try:
        with ExitStack() as clients:
            for _ in range(50):
                clients.enter_context(connected(agent))
            assert soon(lambda: "lets nobody in: Too many open files" in agent.said())
            before = cpu_ticks(agent)
            time.sleep(WATCHED_SECONDS)
            assert cpu_ticks(agent) - before < WATCHED_SECONDS * TICKS_PER_SECOND / 4
        assert answer(agent, LIST).startswith(b"HTTP/1.1 200 OK\r\n")
    finally:
        resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, limit)
