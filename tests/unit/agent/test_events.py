"""What an agent tells of, as those hear of it who ask."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from eve_meta.agent.events import KINDS, REMEMBERED
from eve_meta.agent.telling import recovered
from eve_meta.milestones import Milestone
from netns import KernelRefusedError
from netns.steps import AddNamespace
from tests.agents import GREEN, RED
from tests.unit.agent.control_case import ControlTests, parsed
from tests.unit.agent.described import validator

ROOM = Path(__file__).parents[3] / "eve_meta" / "agent"
EVENT = validator({"$ref": "#/components/schemas/Event"})
HEAD_END = b"\r\n\r\n"


def lines(text: bytes) -> list[Any]:
    """The events in some lines."""
    events = [json.loads(line) for line in text.splitlines()]
    assert [] == [error.message for event in events for error in EVENT.iter_errors(event)]
    return events


def producer_of(transport: StringTransport) -> Any:
    """What sends over it, and is told whether there is room."""
    return transport.producer


class EventTests(ControlTests):
    def events(self, query: str = "") -> list[Any]:
        """What has happened until now."""
        answered = parsed(self.send("GET", f"/v1/events{query}").value())
        assert (200, "application/jsonl") == (answered.status, answered.headers["content-type"])
        return lines(answered.body)

    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.events()]

    def following(self, query: str = "") -> StringTransport:
        """The transport of somebody who follows."""
        transport = self.send("GET", f"/v1/events?follow=true{query}", None, "Connection: close")
        assert transport.value().partition(HEAD_END)[0].startswith(b"HTTP/1.1 200")
        return transport

    @staticmethod
    def heard(transport: StringTransport) -> list[str]:
        """The kinds that somebody who follows was told of since it was asked last, without HTTP's chunks."""
        text = transport.value()
        transport.clear()
        return re.findall(r'"kind": "([a-z-]+)"', text.decode())

    def test_life(self) -> None:
        """Each step of a VM's life is told once, with what it is about."""
        vm = RED["uuid"]
        self.attach("tap0", RED)
        self.attach("tap1", RED)
        self.attach("tap0", RED | {"hostname": "new"})
        self.set_password("tap1", "secret")
        self.successResultOf(self.detaching("tap1"))

        assert [
            ("answered", ["tap0"], vm, 1),
            ("updated", ["tap0", "tap1"], vm, 2),
            ("answered", ["tap1"], vm, 2),
            ("updated", ["tap0", "tap1"], vm, 3),
            ("password", ["tap1"], vm, None),
            ("asked", ["tap1"], vm, 3),
            ("detached", ["tap1"], vm, None),
        ] == [(each["kind"], each["interfaces"], each["vm"], each.get("revision")) for each in self.events()]
        assert "secret" not in str(self.events())

    def test_boot(self) -> None:
        """A guest's first request is told once, and its user data each time that they are new to it."""
        document = RED | {"user_data": "#!"}
        self.attach("tap0", document)
        self.read("tap0")
        self.read("tap0", "/openstack/latest/user_data")
        self.read("tap0", "/latest/user-data")
        self.attach("tap0", document)
        self.read("tap0", "/nocloud/user-data")

        assert ["answered", "asked", "user-data", "updated", "user-data"] == self.kinds()
        assert [1, 1, 1, 2, 2] == [each["revision"] for each in self.events()]

    def test_boot_at_another_server(self) -> None:
        """What a server that was started again takes for news is none."""
        self.attach("tap0", RED | {"user_data": "#!"})
        self.read("tap0", "/latest/user-data")
        self.successResultOf(self.processes[0].die())
        self.processes[0].start()
        self.read("tap0", "/latest/user-data")

        assert ["answered", "asked", "user-data"] == self.kinds()

    def test_not_read(self) -> None:
        """User data that are not there were not read."""
        self.attach("tap0", RED)
        self.read("tap0", "/latest/user-data")

        assert ["answered", "asked"] == self.kinds()

    def test_another_server(self) -> None:
        """Of a VM that a server does not answer there it tells nothing."""
        self.attach("tap0", RED)
        self.processes[0].tell_milestone("tap0", UUID(GREEN["uuid"]), Milestone.ASKED)
        self.processes[0].tell_milestone("tap1", UUID(RED["uuid"]), Milestone.ASKED)

        assert ["answered"] == self.kinds()

    def test_vanished(self) -> None:
        """A port that goes, and comes back, is told as that; then a detach as one."""
        self.attach("tap0", RED)
        self.network.remove_port("tap0")
        self.told()
        self.network.add_port("tap0")
        self.told()
        self.network.remove_port("tap0")
        self.told()
        self.successResultOf(self.detaching("tap0"))

        assert ["answered", "absent", "answered", "absent", "detached"] == self.kinds()

    def test_moved(self) -> None:
        """An interface that becomes another VM's is told as that VM's."""
        self.attach("tap0", RED)
        self.attach("tap0", GREEN)

        assert [RED["uuid"], GREEN["uuid"]] == [each["vm"] for each in self.events()]

    def test_refused_attach(self) -> None:
        """An attach that fails is told to fail, with its reason; then nothing is attached."""
        self.network.refusals = {AddNamespace("tap0"): KernelRefusedError("add the namespace", 28)}
        self.failureResultOf(self.attaching("tap0", RED), KernelRefusedError)

        (failing, *_) = self.events()
        assert ("failing", ["tap0"], "warn") == (failing["kind"], failing["interfaces"], failing["level"])
        assert "add the namespace" in failing["message"]

    def test_server_dies(self) -> None:
        """What is no interface's is told, too."""
        self.stop()
        (self.directory / "state" / "vms" / "junk.json").write_text("junk")
        self.restart()

        (problem,) = self.events()
        assert "problem" == problem["kind"]
        assert "junk.json" in problem["message"]
        assert "interfaces" not in problem

    def test_since(self) -> None:
        """Who says what it was told last is told what came behind it."""
        self.attach("tap0", RED)
        self.attach("tap1", GREEN)
        first, second = self.events()

        assert [second] == self.events(f"?since={first['number']}")
        assert [] == self.events(f"?since={second['number']}")
        assert [first, second] == self.events("?since=0")

    def test_since_another_agent(self) -> None:
        """Who was told by one whose clock was ahead of ours misses nothing of us."""
        self.attach("tap0", RED)
        (told,) = self.events()

        assert [told] == self.events(f"?since={told['number'] + 1}")

    def test_numbers(self) -> None:
        """They grow, from one agent to the next too."""
        for _ in range(3):
            recovered("tap0", None)
        before = [each["number"] for each in self.events()]
        self.restart()
        recovered("tap0", None)

        numbers = [*before, self.events()[0]["number"]]
        assert sorted(set(numbers)) == numbers

    def test_bounded(self) -> None:
        """The latest are remembered."""
        for number in range(REMEMBERED + 3):
            recovered(f"tap{number}", None)
        events = self.events()

        assert REMEMBERED == len(events)
        assert [["tap3"], [f"tap{REMEMBERED + 2}"]] == [events[0]["interfaces"], events[-1]["interfaces"]]

    def test_follow(self) -> None:
        """Who follows is told what has happened, and what happens."""
        self.attach("tap0", RED)
        transport = self.following()
        assert ["answered"] == self.heard(transport)

        self.attach("tap1", GREEN)
        assert ["answered"] == self.heard(transport)
        self.successResultOf(self.detaching("tap1"))
        assert ["detached"] == self.heard(transport)

    def test_follow_since(self) -> None:
        """Who goes on to follow is not told again."""
        self.attach("tap0", RED)
        (told,) = self.events()

        assert [] == self.heard(self.following(f"&since={told['number']}"))

    def test_client_goes(self) -> None:
        """One that has gone is told nothing, and nobody minds."""
        transport = self.following()
        self.channel.connectionLost(Failure(ConnectionDone()))
        self.attach("tap0", RED)

        assert [] == self.heard(transport)
        assert ["answered"] == self.kinds()

    def test_slow(self) -> None:
        """One that does not read is let go."""
        transport = self.following()
        producer_of(transport).pauseProducing()
        self.attach("tap0", RED)

        assert transport.disconnecting
        assert [] == self.heard(transport)

    def test_caught_up(self) -> None:
        """One that has read before anything happened goes on."""
        transport = self.following()
        producer_of(transport).pauseProducing()
        producer_of(transport).resumeProducing()
        self.attach("tap0", RED)

        assert ["answered"] == self.heard(transport)

    def test_end(self) -> None:
        """An agent that stops ends the answer, as HTTP has it."""
        transport = self.following()
        self.site.events.end()

        assert transport.value().endswith(b"0\r\n\r\n")
        assert transport.disconnecting

    def test_head(self) -> None:
        """HEAD follows nothing."""
        self.attach("tap0", RED)
        answered = parsed(self.send("HEAD", "/v1/events?follow=true").value())

        assert (200, b"") == (answered.status, answered.body)

    def test_wrong_queries(self) -> None:
        """A parameter that is wrong is named."""
        for query, name in (("since=x", "since"), ("since=-1", "since"), ("follow=1", "follow")):
            error = self.ask("GET", f"/v1/events?{query}").error
            assert ("query", name) == (error["kind"], error["message"].partition(":")[0])


def test_kinds() -> None:
    """Each kind is told somewhere, and no other."""
    told = {kind for file in ROOM.glob("*.py") for kind in re.findall(r'kind="([a-z-]+)"', file.read_text())}

    assert KINDS.keys() == told | {each.value for each in Milestone}
