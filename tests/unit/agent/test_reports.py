"""A guest's report on its way: from a door to the disk, and to the operator."""

import json

from tests.agents import GREEN, RED
from tests.unit.agent.control_case import ControlTests, parsed
from tests.unit.agent.memory_host import posting

KUBECONFIG = "/v1/interfaces/tap0/reports/kubeconfig"


class ReportTests(ControlTests):
    def report(self, interface: str, body: bytes = b"{}") -> int:
        """Let a guest report its kubeconfig; the status that it is answered with."""
        return self.post(interface, posting("/eve/v1/kubeconfig", body, "application/json"))

    def reported(self, interface: str) -> list[tuple[str, int]]:
        """What of it the operator is told."""
        told = self.ask("GET", f"/v1/interfaces/{interface}/reports").json
        assert interface == told["interface"]
        return [(each["kind"], each["bytes"]) for each in told["reports"]]

    def read_report(self, path: str = KUBECONFIG) -> bytes:
        """A report that there is."""
        answered = parsed(self.send("GET", path).value())
        assert (200, "application/json") == (answered.status, answered.headers["content-type"])
        return answered.body

    def test_read(self) -> None:
        """It is told at all interfaces of its VM, as it was sent, and as an event."""
        self.attach("tap0", RED)
        self.attach("tap1", RED)

        assert 200 == self.report("tap0", b'{"\xff')
        assert b'{"\xff' == self.read_report()
        assert [[("kubeconfig", 3)]] * 2 == [self.reported(name) for name in ("tap0", "tap1")]
        events = map(json.loads, parsed(self.send("GET", "/v1/events").value()).body.splitlines())
        (event,) = (each for each in events if each["kind"] == "report")
        assert (["tap0"], RED["uuid"]) == (event["interfaces"], event["vm"])
        assert event["message"].endswith("has reported: kubeconfig")

    def test_latest(self) -> None:
        """One takes the place of that before, and of no other kind's."""
        self.attach("tap0", RED)
        self.report("tap0", b"first")
        self.post("tap0", posting("/phone_home", b"a=b", "application/x-www-form-urlencoded"))
        self.report("tap0", b"second")

        assert b"second" == self.read_report()
        assert [("kubeconfig", 6), ("phone-home", 3)] == self.reported("tap0")

    def test_own(self) -> None:
        """It is nobody else's, and no guest reads it."""
        self.attach("tap0", RED)
        self.attach("tap1", GREEN)
        self.report("tap1")

        assert [] == self.reported("tap0")
        assert "not-reported" == self.ask("GET", KUBECONFIG).error["kind"]
        assert "method not allowed\n" == self.read("tap1", "/eve/v1/kubeconfig")

    def test_not_attached(self) -> None:
        for path in (KUBECONFIG, "/v1/interfaces/tap0/reports"):
            refused = self.ask("GET", path)
            assert (404, "not-attached") == (refused.status, refused.error["kind"])

    def test_no_such_kind(self) -> None:
        self.attach("tap0", RED)

        for kind in ("secrets", "..%2Fvms%2Fx", "%FF"):
            refused = self.ask("GET", f"/v1/interfaces/tap0/reports/{kind}")
            assert (404, "not-reported") == (refused.status, refused.error["kind"])

    def test_restart(self) -> None:
        """It is kept over a restart of the agent and with a new document."""
        self.attach("tap0", RED)
        self.report("tap0")
        self.restart()
        self.attach("tap0", RED | {"hostname": "new"})

        assert b"{}" == self.read_report()

    def test_detach(self) -> None:
        """It is forgotten with its VM."""
        self.attach("tap0", RED)
        self.attach("tap1", RED)
        self.report("tap0")
        self.successResultOf(self.detaching("tap0"))
        assert [("kubeconfig", 2)] == self.reported("tap1")
        self.successResultOf(self.detaching("tap1"))
        self.attach("tap0", RED)

        assert [] == self.reported("tap0")

    def test_moved(self) -> None:
        """And with a VM whose last interface has become another's."""
        self.attach("tap0", RED)
        self.report("tap0")
        self.attach("tap0", GREEN)
        self.attach("tap1", RED)

        assert [] == self.reported("tap1")

    def test_left_over(self) -> None:
        """What is of no VM, as after a crash, is removed by the next agent; what is no report's, too."""
        self.attach("tap0", RED)
        self.report("tap0")
        directory = self.directory / "state" / "reports"
        (directory / f"{GREEN['uuid']}.kubeconfig").write_bytes(b"{}")
        (directory / "junk.tmp").write_bytes(b"{}")
        self.restart()

        assert [f"{RED['uuid']}.kubeconfig"] == [each.name for each in directory.iterdir()]

    def test_private(self) -> None:
        """Only root may read it."""
        self.attach("tap0", RED)
        self.report("tap0")
        directory = self.directory / "state" / "reports"

        assert [0o700, 0o600] == [each.stat().st_mode & 0o777 for each in (directory, *directory.iterdir())]

    def test_disk(self) -> None:
        """One that the disk does not take leaves the one before, and the guest may try again."""
        self.attach("tap0", RED)
        self.report("tap0", b"first")
        directory, elsewhere = self.directory / "state" / "reports", self.directory / "elsewhere"
        directory.rename(elsewhere)
        assert 503 == self.report("tap0", b"second")
        elsewhere.rename(directory)

        assert b"first" == self.read_report()
        assert 200 == self.report("tap0", b"second")

    def test_too_many(self) -> None:
        """Who reports more and more is told to wait, as long as it has to."""
        self.attach("tap0", RED)
        self.attach("tap1", GREEN)

        assert [200] * 20 + [429] == [self.report("tap0") for _ in range(21)]
        assert 200 == self.report("tap1")
        self.reactor.advance(1)
        assert [200, 429] == [self.report("tap0") for _ in range(2)]
        request = posting("/eve/v1/kubeconfig", b"{}", "application/json")
        assert b"\r\nRetry-After: 1\r\n" in (self.ask_as_guest("tap0", request) or b"")
