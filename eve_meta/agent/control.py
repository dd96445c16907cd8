"""What may be asked over the control socket: HTTP with JSON over an `IAgent`. See docs/control-api.md."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from attrs import Attribute, asdict
from twisted.internet.interfaces import IReactorTime
from twisted.web.http import Request
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import Site

from eve_meta.agent.control_request import ControlRequest
from eve_meta.agent.control_resource import AsItIs, ControlResource, NoResource, Verb
from eve_meta.agent.description import PATH, description
from eve_meta.agent.event_stream import EventStream
from eve_meta.agent.events import Events
from eve_meta.agent.metrics_resource import Metrics
from eve_meta.agent.pending import Pending
from eve_meta.agent.refusal import RequestError
from eve_meta.agent.status import IAgent, NotAttachedError, State, Status
from eve_meta.reports import REPORTS


class Interfaces(ControlResource):
    """`/v1/interfaces`: all that is attached."""

    def __init__(self, agent: IAgent) -> None:
        super().__init__()
        self._agent = agent

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._list}

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """One interface, whose name is percent-decoded by now; or this, with a slash behind."""
        del request
        return self if path == b"" else OneInterface(self._agent, path)

    async def _list(self, request: ControlRequest) -> object:
        request.queried()
        statuses = [_plain(status) for status in self._agent.statuses()]
        return {"interfaces": statuses, "problems": list(self._agent.problems())}


class _OfInterface(ControlResource):
    """What is asked of one interface, attached or not; its name was percent-decoded."""

    def __init__(self, agent: IAgent, name: bytes) -> None:
        super().__init__()
        self._agent = agent
        self._name = name

    def _interface(self) -> str:
        try:
            return self._name.decode()
        except UnicodeDecodeError as error:
            message = "the interface's name is not UTF-8"
            raise RequestError("name", message) from error


class OneInterface(_OfInterface):
    """`/v1/interfaces/NAME`: it is looked at, attached and detached."""

    def verbs(self) -> Mapping[str, Verb]:
        """All that the life of a VM needs."""
        return {"GET": self._show, "PUT": self._attach, "DELETE": self._detach}

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """What belongs to it."""
        del request
        kind = {
            b"contacts": Contacts,
            b"password": Password,
            b"reports": AllReports,
            b"requests": Requests,
        }.get(path)
        return kind(self._agent, self._name) if kind else NoResource()

    async def _show(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        status = self._agent.status(interface)
        if status is None:
            raise NotAttachedError(interface)
        return _plain(status)

    async def _attach(self, request: ControlRequest) -> object:
        attached = self._agent.attach(self._interface(), request.wish(), request.wait_seconds())
        return _plain(await attached)

    async def _detach(self, request: ControlRequest) -> object:
        interface = self._interface()
        return {"interface": interface, "detached": await self._agent.detach(interface, request.uuid())}


class Password(_OfInterface):
    """`/v1/interfaces/NAME/password`: what the guest there has set."""

    def verbs(self) -> Mapping[str, Verb]:
        """It is read and cleared; only the guest sets it."""
        return {"GET": self._read, "DELETE": self._clear}

    async def _read(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        return {"interface": interface, "password": self._agent.password(interface) or None}

    async def _clear(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        return {"interface": interface, "cleared": await self._agent.clear_password(interface)}


class Contacts(_OfInterface):
    """`/v1/interfaces/NAME/contacts`: who has shown himself there."""

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._read}

    async def _read(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        contacts = [asdict(each) for each in await self._agent.contacts(interface)]
        return {"interface": interface, "contacts": contacts}


class Requests(_OfInterface):
    """`/v1/interfaces/NAME/requests`: what guests have asked there."""

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._read}

    async def _read(self, request: ControlRequest) -> object:
        request.queried()
        return AsItIs(await self._agent.access_log(self._interface()))


class AllReports(_OfInterface):
    """`/v1/interfaces/NAME/reports`: what the guest there has reported."""

    def verbs(self) -> Mapping[str, Verb]:
        """Only the guest reports."""
        return {"GET": self._read}

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """A report of some kind; or this, with a slash behind."""
        del request
        return self if path == b"" else OneReport(self._agent, self._name, path.decode("ascii", "replace"))

    async def _read(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        return {
            "interface": interface,
            "reports": [asdict(each) for each in self._agent.reports(interface)],
        }


class OneReport(_OfInterface):
    """`/v1/interfaces/NAME/reports/KIND`: a report, as the guest has sent it."""

    def __init__(self, agent: IAgent, name: bytes, kind: str) -> None:
        super().__init__(agent, name)
        self._kind = kind

    def verbs(self) -> Mapping[str, Verb]:
        """Only the guest reports."""
        return {"GET": self._read}

    async def _read(self, request: ControlRequest) -> object:
        request.queried()
        return AsItIs(self._agent.report(self._interface(), self._kind), REPORTS[self._kind].decode())


class AllTraffic(ControlResource):
    """`/v1/traffic`: how much guests ask, at all interfaces."""

    def __init__(self, agent: IAgent, clock: IReactorTime) -> None:
        super().__init__()
        self._agent = agent
        self._clock = clock

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._read}

    async def _read(self, request: ControlRequest) -> object:
        request.queried()
        traffic = await self._agent.traffic()
        at = self._clock.seconds()
        return {"at": at, "interfaces": {name: asdict(each) for name, each in traffic.items()}}


class Description(ControlResource):
    """`/openapi.json`: what is here, for programs."""

    def verbs(self) -> Mapping[str, Verb]:
        """It is only looked at."""
        return {"GET": self._describe}

    async def _describe(self, request: ControlRequest) -> object:
        request.queried()
        return description()


class ControlSite(Site):
    """The control socket's API, whole.

    Attributes:
        answering: the requests that are being answered.
        events: what is told to those who follow.
    """

    noisy = False

    def __init__(self, agent: IAgent, events: Events, clock: IReactorTime) -> None:
        root, version = NoResource(), NoResource()
        self.events = EventStream(events)
        root.putChild(PATH.removeprefix("/").encode(), Description())
        root.putChild(b"v1", version)
        root.putChild(b"metrics", Metrics(agent))
        version.putChild(b"interfaces", Interfaces(agent))
        version.putChild(b"traffic", AllTraffic(agent, clock))
        version.putChild(b"events", self.events)
        super().__init__(root, ControlRequest, parsePOSTFormSubmission=False, reactor=clock)
        self.answering = Pending()

    def getResourceFor(self, request: Request) -> Resource:  # noqa: N802 - Twisted's
        """Called by Twisted with each request, once it is whole."""
        self.answering.begin()
        request.notifyFinish().addBoth(lambda _: self.answering.end())
        return cast("Resource", super().getResourceFor(request))

    def log(self, request: Request) -> None:
        """Say nothing of requests: what they change is logged where it is changed."""


def _plain(status: Status) -> dict[str, object]:
    return asdict(status, value_serializer=_plain_value)


def _plain_value(_status: object, _field: "Attribute[object]", value: object) -> object:
    match value:
        case State():
            return value.value
        case UUID():
            return str(value)
        case _:
            return value
