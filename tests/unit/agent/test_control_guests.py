"""What the control socket tells of guests: what they have asked, and how much."""

import json
from ipaddress import IPv4Address
from uuid import uuid4

from prometheus_client.parser import text_string_to_metric_families

from eve_meta.accesses import read
from eve_meta.traffic import MAX_INTERFACES
from netns import Neighbour
from tests.unit.agent.control_case import UUID, WEB, ControlTests, parsed


class ContactsTests(ControlTests):
    PATH = "/v1/interfaces/tap0/contacts"

    def test_contacts(self) -> None:
        """Those whom the network has heard of, the earliest first, and a few of many."""
        self.put("tap0")
        for number in range(100):
            address = IPv4Address(0x0A000000 + number)
            self.network.hear("tap0", Neighbour(address, "02:00:00:00:00:05", float(number)))

        told = self.ask("GET", self.PATH).json

        assert "tap0" == told["interface"]
        assert [f"10.0.0.{number}" for number in range(99, 83, -1)] == [
            each["address"] for each in told["contacts"]
        ]
        now = self.reactor.seconds()
        assert {"address": "10.0.0.99", "mac": "02:00:00:00:00:05", "at": now - 99} == told["contacts"][0]

    def test_no_contacts(self) -> None:
        refused = self.ask("GET", self.PATH)

        assert (404, "not-attached") == (refused.status, refused.error["kind"])


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
        none = {"requests": 0, "refused": 0, "failed": 0, "formats": {}}
        quiet = {**none, "connections": 0, "last_at": None, "last_path": ""}
        formats = {"ec2": {"answered": 1, "refused": 1, "failed": 0}}
        counted = {"requests": 2, "refused": 1, "formats": formats}
        asked = {**quiet, **counted, "last_at": 5.0, "last_path": "/nothing"}

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
        assert 1 == found["eve_meta_requests_total", f"ec2 tap0 answered {UUID}"]
        assert 1 == found["eve_meta_requests_total", f"ec2 tap0 refused {UUID}"]
        assert 0 == found["eve_meta_requests_total", f"ec2 tap0 failed {UUID}"]
        assert 5 == found["eve_meta_last_request_timestamp_seconds", f"tap0 {UUID}"]

    def test_all_guests_together(self) -> None:
        """By format and status, with how long it took, and what has bounded them."""
        self.put("tap0")
        self.put("tap1", json.dumps({"uuid": UUID.replace("6", "7")}).encode())
        for interface in ("tap0", "tap1"):
            self.read(interface, "/openstack/latest/meta_data.json")
            self.read(interface, "/nothing?x")
            self.read(interface, "/eve/v1/hostname")
            self.ask_as_guest(interface, b"GET / HTTP/1.0\r\n" + b"a: b\r\n" * 102)

        found = self.metrics()

        assert {("ec2 404", 2), ("eve 200", 2), ("none 431", 2), ("openstack 200", 2)} == {
            (labels, value) for (name, labels), value in found.items() if name == "eve_meta_answers_total"
        }
        assert [6, 6] == [found["eve_meta_answer_seconds_bucket", each] for each in ("0.0005", "+Inf")]
        assert 6 == found["eve_meta_answer_seconds_count", ""]
        assert {("headers", 2)} == {
            (labels, value)
            for (name, labels), value in found.items()
            if name == "eve_meta_limits_hit_total" and value
        }

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
