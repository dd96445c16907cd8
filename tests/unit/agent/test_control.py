"""The control socket's API, over the real site and in memory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from eve_meta.agent.control import ControlSite
from eve_meta.agent.inventory import Inventory
from eve_meta.agent.status import IAgent
from eve_meta.contact import BODY_MAX_BYTES
from netns.names import link_of
from tests.unit.agent.memory_agent import MemoryAgent

UUID = "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"
WEB = json.dumps({"uuid": UUID, "name": "web"}).encode()
OPEN = {
    "interface": "tap0",
    "uuid": UUID,
    "name": "web",
    "state": "open",
    "reason": None,
    "revision": 1,
    "namespace": "eve-meta-tap0",
    "link": link_of("tap0"),
    "server_pid": 4242,
    "took_ms": 22.6,
}


@frozen
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]


def parsed(response: bytes) -> Answered:
    head, _, body = response.partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answered(int(status_line.split()[1]), headers, body)


class ControlTests(SynchronousTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.agent = MemoryAgent(Inventory.load(tmp_path / "vms"))
        self.site = ControlSite(self.agent, Clock())

    def send(self, method: str, path: str, body: bytes | None = None, *headers: str) -> StringTransport:
        """The transport that a request was sent over, with what came back so far."""
        length = [] if body is None else [f"Content-Length: {len(body)}"]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: eve-meta", *length, *headers, "", ""])
        transport = StringTransport()
        self.channel = self.site.buildProtocol(transport.getPeer())
        assert self.channel is not None
        self.channel.makeConnection(transport)
        self.channel.dataReceived(head.encode() + (body or b""))
        return transport

    def ask(self, method: str, path: str, body: bytes | None = None, *headers: str) -> Answered:
        answered = parsed(self.send(method, path, body, *headers).value())
        assert len(answered.body) == (0 if method == "HEAD" else int(answered.headers["content-length"]))
        assert answered.headers["content-type"] == "application/json"
        return answered

    def put(self, interface: str, body: bytes = WEB, *headers: str) -> Answered:
        return self.ask("PUT", f"/v1/interfaces/{interface}", body, *headers)


class AttachTests(ControlTests):
    def test_the_double_is_an_agent(self) -> None:
        assert verifyObject(IAgent, self.agent)

    def test_attach(self) -> None:
        answered = self.put("tap0")

        assert (200, OPEN) == (answered.status, answered.json)

    def test_the_name_is_decoded_once(self) -> None:
        assert "tap%30" == self.put("tap%2530").json["interface"]
        assert "tap/é" == self.put("tap%2F%C3%A9x").error["message"][1:6]

    def test_waiting(self) -> None:
        assert 404 == self.put("late0").status
        assert 200 == self.put("late0?wait=1.5").status

    def test_a_wait_that_is_no_time(self) -> None:
        for wait in ("", "x", "-1", "nan", "inf", "3601", "1e9"):
            answered = self.put(f"tap0?wait={wait}")

            assert (400, "query") == (answered.status, answered.error["kind"])
            assert "wait: must be a number of seconds from 0 to 3600" == answered.error["message"]

    def test_a_parameter_that_does_not_exist(self) -> None:
        for method in ("PUT", "GET", "DELETE"):
            answered = self.ask(method, "/v1/interfaces/tap0?wiat=1&wait", WEB)

            assert (400, "'wiat' is not a parameter of this request") == (
                answered.status,
                answered.error["message"],
            )
        assert () == self.agent.statuses()

    def test_a_document_that_cannot_be_served(self) -> None:
        answered = self.put("tap0", b'{"name": "web"}')

        assert 400 == answered.status
        assert ("document", "uuid") == (answered.error["kind"], answered.error["field"])
        assert not answered.error["message"].startswith("uuid")

    def test_a_document_that_is_no_object(self) -> None:
        answered = self.put("tap0", b"[]")

        assert (400, "document", "") == (answered.status, answered.error["kind"], answered.error["field"])

    def test_a_body_that_is_not_json(self) -> None:
        for body in (b"", b"uuid: x", b'{"uuid": NaN}', b"\xff\xfe", b"[" * 100_000):
            answered = self.put("tap0", body)

            assert (400, "json") == (answered.status, answered.error["kind"])
            assert answered.error["message"].startswith("the document is not JSON: ")

    def test_a_body_of_another_type(self) -> None:
        answered = self.put("tap0", WEB, "Content-Type: application/x-www-form-urlencoded")

        assert (415, "type") == (answered.status, answered.error["kind"])

        assert (
            "the document must be sent as application/json or application/yaml, not as"
            in answered.body.decode()
        )

    def test_a_body_in_yaml(self) -> None:
        answered = self.put("tap0", f"uuid: {UUID}\nname: web\n".encode(), "Content-Type: application/yaml")

        assert (200, OPEN) == (answered.status, answered.json)

    def test_a_body_that_is_not_yaml(self) -> None:
        answered = self.put("tap0", b"uuid: [", "Content-Type: application/yaml")

        assert (400, "document", "") == (answered.status, answered.error["kind"], answered.error["field"])
        assert answered.error["message"].startswith("is not YAML: ")

    def test_a_body_declared_as_json(self) -> None:
        assert 200 == self.put("tap0", WEB, "Content-Type: application/json; charset=utf-8").status

    def test_a_body_as_long_as_may_be(self) -> None:
        assert 200 == self.put("tap0", WEB.ljust(BODY_MAX_BYTES)).status

    def test_a_body_too_long(self) -> None:
        answered = self.put("tap0", WEB.ljust(BODY_MAX_BYTES + 1))

        assert (413, "length") == (answered.status, answered.error["kind"])

    def test_a_body_in_chunks(self) -> None:
        transport = self.send("PUT", "/v1/interfaces/tap0", None, "Transfer-Encoding: chunked")
        self.channel.dataReceived(b"%x\r\n%s\r\n0\r\n\r\n" % (len(WEB), WEB))

        assert OPEN == parsed(transport.value()).json

    def test_a_body_too_long_in_chunks(self) -> None:
        transport = self.send("PUT", "/v1/interfaces/tap0", None, "Transfer-Encoding: chunked")
        for _ in range(BODY_MAX_BYTES // 2**20 + 1):
            self.channel.dataReceived(b"100000\r\n" + bytes(2**20) + b"\r\n")
        self.channel.dataReceived(b"0\r\n\r\n")

        assert 413 == parsed(transport.value()).status

    def test_refused_interfaces(self) -> None:
        refused = {
            "eth9": (404, "no-such-interface", "there is no interface 'eth9' on this host (see 'ip link')"),
            "br0": (409, "unsuitable-interface", "br0 is a bridge: name the VM's port on it, e.g. tap0"),
            "sixteen-bytes-it": (400, "name", None),
            "tap-refused": (
                500,
                "kernel",
                "could not add the link evmabc: No space left on device (errno 28)",
            ),
            "tap-missing": (503, "missing", "nf_tables: load the kernel module nf_tables"),
            "tap%FF": (400, "name", "the interface's name is not UTF-8"),
        }
        for interface, (status, kind, message) in refused.items():
            answered = self.put(interface)

            assert (status, kind) == (answered.status, answered.error["kind"])
            assert message in (None, answered.error["message"])
        assert () == self.agent.statuses()

    def test_a_bug_is_logged_and_not_shown(self) -> None:
        answered = self.put("tap-bug")

        assert (500, "internal") == (answered.status, answered.error["kind"])
        assert b"secret" not in answered.body
        assert 1 == len(self.flushLoggedErrors(ZeroDivisionError))

    def test_answers_only_when_attached(self) -> None:
        transport = self.send("PUT", "/v1/interfaces/tap-slow", WEB)
        assert b"" == transport.value()

        self.agent.slow.callback(None)

        assert 200 == parsed(transport.value()).status

    def test_a_client_that_left_does_not_stop_an_attach(self) -> None:
        transport = self.send("PUT", "/v1/interfaces/tap-slow", WEB)
        self.channel.connectionLost(Failure(ConnectionDone()))

        self.agent.slow.callback(None)

        assert b"" == transport.value()
        assert self.agent.status("tap-slow") is not None

    def test_an_attach_that_fails_for_a_client_that_left(self) -> None:
        self.send("PUT", "/v1/interfaces/tap-slow", WEB)
        self.channel.connectionLost(Failure(ConnectionDone()))

        self.agent.slow.errback(ZeroDivisionError())

        assert 1 == len(self.flushLoggedErrors(ZeroDivisionError))


class OtherTests(ControlTests):
    def test_nothing_attached(self) -> None:
        assert {"interfaces": [], "problems": []} == self.ask("GET", "/v1/interfaces").json

    def test_list(self) -> None:
        self.agent.problems_seen = ("x.json.damaged: set aside",)
        self.put("tap1")
        self.put("tap0")

        for path in ("/v1/interfaces", "/v1/interfaces/"):
            listed = self.ask("GET", path).json

            assert ["tap0", "tap1"] == [status["interface"] for status in listed["interfaces"]]
            assert ["x.json.damaged: set aside"] == listed["problems"]

    def test_show(self) -> None:
        self.put("tap0")

        assert OPEN == self.ask("GET", "/v1/interfaces/tap0").json

    def test_show_what_is_not_attached(self) -> None:
        answered = self.ask("GET", "/v1/interfaces/tap0")

        assert 404 == answered.status
        assert {
            "kind": "not-attached",
            "message": "tap0 is not attached (see 'eve-meta list')",
        } == answered.error

    def test_detach(self) -> None:
        self.put("tap0")

        assert {"interface": "tap0", "detached": True} == self.ask("DELETE", "/v1/interfaces/tap0").json
        assert {"interface": "tap0", "detached": False} == self.ask("DELETE", "/v1/interfaces/tap0").json

    def test_other_methods(self) -> None:
        allowed = {"/v1/interfaces": "GET, HEAD", "/v1/interfaces/tap0": "DELETE, GET, HEAD, PUT"}
        for path, methods in allowed.items():
            answered = self.ask("POST", path, b"")

            assert (405, "method", methods) == (
                answered.status,
                answered.error["kind"],
                answered.headers["allow"],
            )

    def test_a_head_has_no_body(self) -> None:
        answered = self.ask("HEAD", "/v1/interfaces")

        assert (200, b"") == (answered.status, answered.body)

    def test_other_paths(self) -> None:
        for path in ("/", "/v1", "/v2/interfaces", "/v1/interfaces/tap0/x"):
            answered = self.ask("GET", path)

            assert (404, "path") == (answered.status, answered.error["kind"])


del ControlTests
