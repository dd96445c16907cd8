"""A control socket's API over the real site, in memory, and how tests ask it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from twisted.internet.testing import StringTransport

from eve_meta.agent.control import ControlSite
from tests.unit.agent.described import errors_of
from tests.unit.agent.memory_host import AgentTestCase

UUID = "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"
WEB = json.dumps({"uuid": UUID, "name": "web"}).encode()


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


class ControlTests(AgentTestCase):
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> None:
        self.make(tmp_path)
        self.start()

    def start(self) -> None:
        super().start()
        self.site = ControlSite(self.agent.lifecycle, self.agent.events, self.reactor)

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
