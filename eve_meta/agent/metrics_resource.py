"""`/metrics`, on the control socket and where else an operator wants it."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.logger import Logger
from twisted.web.http import Request
from twisted.web.server import Site

from eve_meta.agent.control_request import ControlRequest
from eve_meta.agent.control_resource import AsItIs, ControlResource, NoResource, Verb
from eve_meta.agent.status import IAgent
from eve_meta.contact import Address


class Metrics(ControlResource):
    """All that is counted."""

    def __init__(self, agent: IAgent) -> None:
        super().__init__()
        self._agent = agent

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._read}

    async def _read(self, request: ControlRequest) -> object:
        """Import what writes it when somebody reads it: few agents are asked, and it takes 0.1 s."""
        request.queried()
        traffic, totals = await self._agent.traffic(), await self._agent.totals()
        room = import_module("eve_meta.agent.metrics")
        text = room.exposition(self._agent.counts(), self._agent.statuses(), traffic, totals)
        return AsItIs(text, room.CONTENT_TYPE)


class _MetricsSite(Site):
    """Says nothing of requests."""

    noisy = False

    def __init__(self, agent: IAgent, clock: IReactorTime) -> None:
        root = NoResource()
        root.putChild(b"metrics", Metrics(agent))
        super().__init__(root, ControlRequest, parsePOSTFormSubmission=False, reactor=clock)

    def log(self, request: Request) -> None:
        """There is nothing to say."""


@final
class MetricsService(Service):
    """Tells metrics, and nothing else, to whoever asks at an address of the host."""

    _log = Logger()

    def __init__(self, reactor: Any, agent: IAgent, address: Address) -> None:
        """Take a reactor that listens on TCP and tells the time, who is asked, and where."""
        self._site = _MetricsSite(agent, reactor)
        self._reactor = reactor
        self._address = address
        self._port: IListeningPort | None = None

    def startService(self) -> None:
        """Listen; where that cannot be, guests are answered all the same."""
        super().startService()
        try:
            self._port = self._reactor.listenTCP(self._address.port, self._site, interface=self._address.host)
        except CannotListenError as error:
            self._log.error("no metrics are told: {error}", error=error)

    def stopService(self) -> "Deferred[None]":
        """Fires when nobody is told any more."""
        super().stopService()
        stopped = self._port.stopListening() if self._port else None
        return stopped or succeed(None)
