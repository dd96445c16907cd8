"""Guests that wait for a change of what they are told, at a real agent."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from eve_meta.limits import Limits
from netns import namespace_of
from tests.agents import GREEN, RED, Agent
from tests.hosts import HOSTNAME, IPV4, LINK_LOCAL, Answer, Guest, Host, ask_over, run
from tests.support import need_programs, soon

PINK = RED | {"hostname": "pink"}
WAIT = f"{HOSTNAME}?wait_for_change=true"
WAIT_SECONDS = 60
"""For an answer: far less than a guest may wait, so it is no answer for want of time."""


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """For guests that do something while the test goes on."""
    with ThreadPoolExecutor(Limits().waiting + 1) as made:
        yield made


@pytest.fixture
def red(host: Host, agent: Agent) -> Guest:
    """A guest that is answered."""
    made = host.guest("red", "tap0", bridge=host.bridge())
    agent.attach("tap0", RED)
    return made


def waiting(
    threads: ThreadPoolExecutor, guest: Guest, path: str = WAIT, address: str = IPV4
) -> Future[Answer]:
    """A guest that waits, once its connection is there."""
    before = connections(guest)
    answer = threads.submit(guest.ask, path, address, seconds=WAIT_SECONDS)
    assert soon(lambda: connections(guest) > before)
    return answer


def connections(guest: Guest) -> int:
    """How many a guest has in the namespace of its port, with nothing in them that was not read."""
    shown = run("ip", "netns", "exec", namespace_of(guest.tap), "ss", "-Htn", "state", "established")
    return sum(line.split()[0] == "0" for line in shown.splitlines())


def update(agent: Agent, directory: Path, document: dict[str, str]) -> None:
    """Change what a VM is told at all its interfaces."""
    file = directory / "document.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    done = agent.run("update", str(file))
    assert done.returncode == 0, done.stderr


def tag_of(answer: Answer) -> str:
    return answer.headers["ETag"]


@pytest.mark.parametrize("address", [IPV4, LINK_LOCAL])
def test_update(agent: Agent, red: Guest, threads: ThreadPoolExecutor, tmp_path: Path, address: str) -> None:
    """Is answered when it comes, with the value and the tag that are read from then on."""
    before = red.ask(HOSTNAME)
    answer = waiting(threads, red, f"{WAIT}&last_etag={tag_of(before)}", address)

    update(agent, tmp_path, RED | {"user_data": "elsewhere"})
    assert not answer.done()
    update(agent, tmp_path, PINK)

    assert answer.result().body == b"pink"
    assert tag_of(answer.result()) == tag_of(red.ask(HOSTNAME)) != tag_of(before)


def test_curl(agent: Agent, red: Guest, threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    """Asks as a shell script does, with the tag as it was told."""
    need_programs("curl")
    tag = tag_of(red.ask(HOSTNAME))
    url = f"http://{IPV4}{WAIT}&last_etag={tag}&timeout_sec={WAIT_SECONDS}"
    printed = threads.submit(red.run, "curl", "--silent", "--show-error", "--globoff", url)
    assert soon(lambda: connections(red))

    update(agent, tmp_path, PINK)

    assert printed.result() == "pink"


def test_all_interfaces(
    agent: Agent, host: Host, red: Guest, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    """Of a VM are told of a change."""
    second = host.guest("second", "tap1")
    agent.attach("tap1", RED)
    answers = [waiting(threads, guest) for guest in (red, second)]

    update(agent, tmp_path, PINK)

    assert [b"pink"] * 2 == [each.result().body for each in answers]


def test_time_is_up(red: Guest) -> None:
    """What is so still is answered as it is."""
    assert red.ask(f"{WAIT}&timeout_sec=1")[::2] == red.ask(HOSTNAME)[::2]


def test_too_many(agent: Agent, host: Host, red: Guest, threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    """Are refused at their interface alone; who does not wait is answered there, too."""
    green = host.guest("green", "tap1")
    agent.attach("tap1", GREEN)
    answers = [waiting(threads, red) for _ in range(Limits().waiting)]

    refused = red.ask(WAIT)

    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= Limits().wait_seconds
    assert ["red", "green"] == [guest.read(HOSTNAME) for guest in (red, green)]
    assert green.ask(f"{WAIT}&timeout_sec=1").body == b"green"
    update(agent, tmp_path, PINK)
    assert {b"pink"} == {each.result().body for each in answers}


def test_gone(red: Guest) -> None:
    """Guests that do not wait for their answers make room for others."""
    for _ in range(2):
        with ExitStack() as opened:
            for _ in range(Limits().waiting):
                connection = opened.enter_context(red.connect())
                connection.sendall(f"GET {WAIT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert soon(lambda: red.ask(f"{WAIT}&timeout_sec=1").status == 429)
        assert soon(lambda: red.ask(f"{WAIT}&timeout_sec=1").status == 200)


@pytest.mark.parametrize("is_replaced", [True, False])
def test_interface_is_taken_away(
    agent: Agent, red: Guest, threads: ThreadPoolExecutor, *, is_replaced: bool
) -> None:
    """By `detach`, or for another VM: who waits there is told nothing of the other."""
    answer = waiting(threads, red)

    if is_replaced:
        agent.attach("tap0", GREEN)
    else:
        agent.detach("tap0")

    with pytest.raises(ConnectionResetError):
        answer.result()


def test_agent_stops(agent: Agent, red: Guest, threads: ThreadPoolExecutor) -> None:
    """Whoever waits is answered first, and told that there is nobody to ask more."""
    answer = waiting(threads, red)

    agent.stop()

    assert (b"red", "close") == (answer.result().body, answer.result().headers["Connection"])


def test_connection_goes_on(agent: Agent, red: Guest, threads: ThreadPoolExecutor, tmp_path: Path) -> None:
    """One connection waits again and again, as that of a client does that watches."""
    with red.connect(seconds=WAIT_SECONDS) as connection:
        tag = "NONE"
        for document in (RED, PINK, RED):
            path = f"{WAIT}&last_etag={tag}"
            answer = threads.submit(ask_over, connection, path)
            update(agent, tmp_path, document)
            assert answer.result().body == document["hostname"].encode()
            tag = tag_of(answer.result())
