"""The control socket's API, over the real site and in memory."""

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from eve_meta.agent.description import description
from eve_meta.contact import BODY_MAX_BYTES
from netns import KernelRefusedError, MissingError, Port, link_of
from netns.steps import AddNamespace, Steer
from tests.unit.agent.control_case import UUID, WEB, ControlTests, parsed
from tests.unit.agent.memory_host import PID

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


def _buggy(interface: str) -> Port:
    raise ZeroDivisionError(f"a secret detail of {interface}")


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
