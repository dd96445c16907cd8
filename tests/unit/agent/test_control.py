"""The control socket's API, over the real site and in memory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from attrs import frozen
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from eve_meta.accesses import read
from eve_meta.agent.control import ControlSite
from eve_meta.agent.description import description
from eve_meta.contact import BODY_MAX_BYTES
from eve_meta.traffic import MAX_INTERFACES
from netns import KernelRefusedError, MissingError, Port, link_of
from netns.steps import AddNamespace, Steer
from tests.unit.agent.described import errors_of
from tests.unit.agent.memory_host import PID, AgentTestCase

UUID = "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"
WEB = json.dumps({"uuid": UUID, "name": "web"}).encode()
OPEN = {
    "interface": "tap0",
    "uuid": UUID,
    "name": "web",
    "state": "open",
    "reason": None,
    "revision": 1,
    "has_password": False,
    "namespace": "eve-meta-tap0",
    "link": link_of("tap0"),
    "server_pid": PID,
    "took_ms": 0.0,
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


def _buggy(interface: str) -> Port:
    raise ZeroDivisionError(f"a secret detail of {interface}")


class ControlTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()

    def start(self) -> None:
        super().start()
        self.site = ControlSite(self.agent.lifecycle, self.reactor)

    def send(self, method: str, path: str, body: bytes | None = None, *headers: str) -> StringTransport:
        """The transport that a request was sent over, with what came back so far."""
        length = [] if body is None else [f"Content-Length: {len(body)}"]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: eve-meta", *length, *headers, "", ""])
        transport = StringTransport()
        self.channel = self.site.buildProtocol(transport.getPeer())
        assert self.channel is not None
        self.channel.makeConnection(transport)
        self.channel.dataReceived(head.encode("latin-1") + (body or b""))
        return transport

    def ask(self, method: str, path: str, body: bytes | None = None, *headers: str) -> Answered:
        answered = parsed(self.send(method, path, body, *headers).value())
        assert len(answered.body) == (0 if method == "HEAD" else int(answered.headers["content-length"]))
        assert answered.headers["content-type"] == "application/json"
        said = None if method == "HEAD" else answered.json
        assert [] == errors_of(method, path, answered.status, said)
        return answered

    def put(self, interface: str, body: bytes = WEB, *headers: str) -> Answered:
        return self.ask("PUT", f"/v1/interfaces/{interface}", body, *headers)


class AttachTests(ControlTests):
    def test_attach(self) -> None:
        answered = self.put("tap0")

        assert (200, OPEN) == (answered.status, answered.json)

    def test_the_name_is_decoded_once(self) -> None:
        self.network.add_port("tap%30")

        assert "tap%30" == self.put("tap%2530").json["interface"]
        assert "tap/é" == self.put("tap%2F%C3%A9x").error["message"][1:6]

    def test_waiting(self) -> None:
        assert 404 == self.put("late0").status
        transport = self.send("PUT", "/v1/interfaces/late0?wait=1.5", WEB)
        self.reactor.advance(1.4)
        assert b"" == transport.value()

        self.network.add_port("late0")
        self.told()

        assert 200 == parsed(transport.value()).status

    def test_waiting_in_vain(self) -> None:
        transport = self.send("PUT", "/v1/interfaces/late0?wait=1.5", WEB)
        self.reactor.advance(1.5)

        assert "no-such-interface" == parsed(transport.value()).error["kind"]

    def test_a_wait_that_is_no_time(self) -> None:
        for wait in ("", "x", "-1", "nan", "inf", "3601", "1e9", "1_0", "%201"):
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
        assert () == self.agent.lifecycle.statuses()

    def test_a_parameter_twice(self) -> None:
        answered = self.put("tap0?wait=1&wait=2")

        assert (400, "wait: is given twice") == (answered.status, answered.error["message"])

    def test_a_key_twice(self) -> None:
        """As in YAML, it is refused: which of the two is meant, nobody knows."""
        answered = self.put("tap0", WEB[:-1] + b', "name": "other"}')

        assert (400, "json") == (answered.status, answered.error["kind"])
        assert answered.error["message"].endswith("has the key 'name' twice in one mapping")

    def test_a_document_that_cannot_be_served(self) -> None:
        """It leaves the one that is."""
        self.put("tap0")
        answered = self.put("tap0", b'{"name": "web"}')

        assert "open" == self.state("tap0")
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

    def test_a_type_that_is_no_text(self) -> None:
        answered = self.put("tap0", WEB, "Content-Type: \xff")

        assert (415, "type") == (answered.status, answered.error["kind"])
        assert answered.error["message"].endswith(r"not as \xff")

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
        self.network.add_port("br0", objection="is a bridge: name the VM's port on it, e.g. tap0")
        self.network.refusals = {
            AddNamespace("tap0"): KernelRefusedError("add the link evmabc", 28),
            AddNamespace("tap1"): MissingError("nf_tables", "load the kernel module nf_tables"),
        }
        refused = {
            "eth9": (404, "no-such-interface", "there is no interface 'eth9' on this host (see 'ip link')"),
            "br0": (409, "unsuitable-interface", "br0 is a bridge: name the VM's port on it, e.g. tap0"),
            "sixteen-bytes-it": (400, "name", None),
            "tap0": (500, "kernel", "could not add the link evmabc: No space left on device (errno 28)"),
            "tap1": (503, "missing", "nf_tables: load the kernel module nf_tables"),
            "tap%FF": (400, "name", "the interface's name is not UTF-8"),
        }
        for interface, (status, kind, message) in refused.items():
            answered = self.put(interface)

            assert (status, kind) == (answered.status, answered.error["kind"])
            assert message in (None, answered.error["message"])
        assert () == self.agent.lifecycle.statuses()

    def test_a_bug_is_logged_and_not_shown(self) -> None:
        self.network.port = _buggy  # type: ignore[method-assign] # to see what becomes of it
        answered = self.put("tap0")

        assert (500, "internal") == (answered.status, answered.error["kind"])
        assert b"secret" not in answered.body
        assert 1 == len(self.flushLoggedErrors(ZeroDivisionError))

    def test_answers_only_when_attached(self) -> None:
        self.successResultOf(self.processes[0].die())
        transport = self.send("PUT", "/v1/interfaces/tap0", WEB)
        assert b"" == transport.value()

        self.processes[0].start()

        assert 200 == parsed(transport.value()).status

    def test_a_client_that_left_does_not_stop_an_attach(self) -> None:
        self.successResultOf(self.processes[0].die())
        transport = self.send("PUT", "/v1/interfaces/tap0", WEB)
        self.channel.connectionLost(Failure(ConnectionDone()))

        self.processes[0].start()

        assert b"" == transport.value()
        assert "open" == self.state("tap0")

    def test_an_attach_that_fails_for_a_client_that_left(self) -> None:
        self.network.refusals[Steer("tap0")] = KernelRefusedError("steer", 28)
        self.successResultOf(self.processes[0].die())
        transport = self.send("PUT", "/v1/interfaces/tap0", WEB)
        self.channel.connectionLost(Failure(ConnectionDone()))

        self.processes[0].start()

        assert (b"", None) == (transport.value(), self.state("tap0"))


class PasswordTests(ControlTests):
    PATH = "/v1/interfaces/tap0/password"

    def test_password(self) -> None:
        self.put("tap0")
        assert {"interface": "tap0", "password": None} == self.ask("GET", self.PATH).json
        self.set_password("tap0", "sécret")

        assert {"interface": "tap0", "password": "sécret"} == self.ask("GET", self.PATH).json
        assert self.ask("GET", "/v1/interfaces/tap0").json["has_password"]
        assert {"interface": "tap0", "cleared": True} == self.ask("DELETE", self.PATH).json
        assert {"interface": "tap0", "cleared": False} == self.ask("DELETE", self.PATH).json

    def test_only_the_guest_sets_it(self) -> None:
        self.put("tap0")

        assert (405, "DELETE, GET, HEAD") == (
            (refused := self.ask("PUT", self.PATH, b"secret")).status,
            refused.headers["allow"],
        )

    def test_not_attached(self) -> None:
        for method in ("GET", "DELETE"):
            refused = self.ask(method, self.PATH)
            assert (404, "not-attached") == (refused.status, refused.error["kind"])

    def test_nothing_is_beside_or_below(self) -> None:
        for path in ("/v1/interfaces/tap0/passwords", f"{self.PATH}/x"):
            assert (404, "path") == ((refused := self.ask("GET", path)).status, refused.error["kind"])

    def test_a_disk_that_is_full(self) -> None:
        self.put("tap0")
        self.set_password("tap0", "secret")
        (self.directory / "state" / "vms").rename(self.directory / "elsewhere")

        assert (507, "storage") == (
            (refused := self.ask("DELETE", self.PATH)).status,
            refused.error["kind"],
        )
        assert "secret" == self.ask("GET", self.PATH).json["password"]


class RequestsTests(ControlTests):
    PATH = "/v1/interfaces/tap0/requests"

    def test_requests(self) -> None:
        """What guests have asked, and under which revision."""
        self.put("tap0")
        self.read("tap0", "/latest/meta-data/hostname")
        self.read("tap0", "/nothing")

        told = read(self.ask("GET", self.PATH).json)

        assert [("/latest/meta-data/hostname", 200), ("/nothing", 404)] == [
            (each.path, each.status) for each in told.requests
        ]
        assert [1] == [each.revision for each in told.revisions]

    def test_another_document(self) -> None:
        """What was asked before is remembered, until another VM is attached."""
        self.put("tap0")
        self.read("tap0")
        self.put("tap0", WEB.replace(b"web", b"www"))
        assert [1, 2] == [each.revision for each in read(self.ask("GET", self.PATH).json).revisions]
        assert 1 == self.ask("GET", self.PATH).json["count"]

        self.put("tap0", json.dumps({"uuid": UUID.replace("6", "7")}).encode())

        assert 0 == self.ask("GET", self.PATH).json["count"]

    def test_not_attached(self) -> None:
        refused = self.ask("GET", self.PATH)

        assert (404, "not-attached") == (refused.status, refused.error["kind"])

    def test_no_server(self) -> None:
        self.put("tap0")
        self.successResultOf(self.processes[0].die())

        refused = self.ask("GET", self.PATH)

        assert (503, "not-answered") == (refused.status, refused.error["kind"])
        assert "tap0 is not answered at present (see 'eve-meta show tap0')" == refused.error["message"]

    def test_a_port_that_went(self) -> None:
        self.put("tap0")
        self.network.remove_port("tap0")
        self.told()

        refused = self.ask("GET", self.PATH)

        assert (503, "not-answered") == (refused.status, refused.error["kind"])


class TrafficTests(ControlTests):
    def test_traffic(self) -> None:
        """Of all that are answered, and of no other."""
        self.put("tap0")
        self.put("tap1", json.dumps({"uuid": UUID.replace("6", "7")}).encode())
        self.reactor.advance(5)
        self.read("tap0")
        self.read("tap0", "/nothing?x=y")
        quiet = {"requests": 0, "refused": 0, "failed": 0, "connections": 0, "last_at": None, "last_path": ""}
        asked = {**quiet, "requests": 2, "refused": 1, "last_at": 5.0, "last_path": "/nothing"}

        told = self.ask("GET", "/v1/traffic").json

        assert {"at": 5.0, "interfaces": {"tap0": asked, "tap1": quiet}} == told

    def test_many(self) -> None:
        """More than fit into one message of a server's."""
        names = [f"port{number}" for number in range(MAX_INTERFACES + 1)]
        for name in names:
            self.network.add_port(name)
            self.attach(name, {"uuid": str(uuid4())})

        assert set(names) == self.ask("GET", "/v1/traffic").json["interfaces"].keys()

    def test_no_server(self) -> None:
        self.put("tap0")
        self.successResultOf(self.processes[0].die())

        assert {} == self.ask("GET", "/v1/traffic").json["interfaces"]


class MetricsTests(ControlTests):
    def metrics(self) -> dict[tuple[str, str], float]:
        """Values by name and labels, these in the order of their names."""
        answered = parsed(self.send("GET", "/metrics").value())
        assert "text/plain; version=0.0.4; charset=utf-8" == answered.headers["content-type"]
        families = text_string_to_metric_families(answered.body.decode())
        return {
            (each.name, " ".join(each.labels[name] for name in sorted(each.labels))): each.value
            for family in families
            for each in family.samples
        }

    def test_nothing_attached(self) -> None:
        found = self.metrics()

        assert 0 == found["eve_meta_interfaces", "open"]
        assert 1 == found["eve_meta_server_starts_total", ""]
        assert not [name for name, _ in found if name.startswith("eve_meta_requests")]

    def test_guests(self) -> None:
        self.put("tap0")
        self.reactor.advance(5)
        self.read("tap0")
        self.read("tap0", "/nothing")

        found = self.metrics()

        assert 1 == found["eve_meta_interfaces", "open"]
        assert 1 == found["eve_meta_attach_seconds_count", ""]
        assert 1 == found["eve_meta_requests_total", f"tap0 answered {UUID}"]
        assert 1 == found["eve_meta_requests_total", f"tap0 refused {UUID}"]
        assert 0 == found["eve_meta_requests_total", f"tap0 failed {UUID}"]
        assert 5 == found["eve_meta_last_request_timestamp_seconds", f"tap0 {UUID}"]

    def test_a_repair(self) -> None:
        self.put("tap0")
        self.network.lose_steering("tap0")
        self.told()

        assert 1 == self.metrics()["eve_meta_repairs_total", ""]

    def test_a_server_that_died(self) -> None:
        """Its interfaces are attached, and nothing is told of their guests."""
        self.put("tap0")
        self.successResultOf(self.processes[0].die())
        found = self.metrics()
        assert not [name for name, _ in found if name.startswith("eve_meta_requests")]

        self.processes[0].start()

        assert 2 == self.metrics()["eve_meta_server_starts_total", ""]

    def test_a_refused_attach(self) -> None:
        """It is not counted as one."""
        self.put("tap9")

        assert 0 == self.metrics()["eve_meta_attach_seconds_count", ""]


class OtherTests(ControlTests):
    def test_nothing_attached(self) -> None:
        assert {"interfaces": [], "problems": []} == self.ask("GET", "/v1/interfaces").json

    def test_list(self) -> None:
        self.stop()
        damaged = self.directory / "state" / "vms" / "x.json"
        damaged.touch()
        self.make_agent()
        self.start()
        self.put("tap1")
        self.put("tap0")

        for path in ("/v1/interfaces", "/v1/interfaces/"):
            listed = self.ask("GET", path).json

            assert ["tap0", "tap1"] == [status["interface"] for status in listed["interfaces"]]
            assert [f"{damaged}.damaged: set aside as damaged"] == [
                problem[: len(f"{damaged}.damaged: set aside as damaged")] for problem in listed["problems"]
            ]

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

    def test_detach_from_a_vm(self) -> None:
        """What is another VM's by now stays attached."""
        self.put("tap0")
        path = "/v1/interfaces/tap0?uuid="
        other = self.ask("DELETE", path + "99999999-9999-4999-8999-999999999999")
        assert {"interface": "tap0", "detached": False} == other.json
        assert 200 == self.ask("GET", "/v1/interfaces/tap0").status

        assert {"interface": "tap0", "detached": True} == self.ask("DELETE", path + UUID).json

    def test_detach_from_nonsense(self) -> None:
        for uuid in ("%ff", "", "x", UUID.replace("-", ""), f"urn:uuid:{UUID}"):
            answered = self.ask("DELETE", f"/v1/interfaces/tap0?uuid={uuid}")

            assert (400, "query") == (answered.status, answered.error["kind"])

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

    def test_description(self) -> None:
        assert description() == self.ask("GET", "/openapi.json").json

    def test_other_paths(self) -> None:
        for path in ("/", "/v1", "/v2/interfaces", "/v1/interfaces/tap0/x"):
            answered = self.ask("GET", path)

            assert (404, "path") == (answered.status, answered.error["kind"])


del ControlTests
