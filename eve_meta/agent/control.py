"""What may be asked over the control socket: HTTP with JSON over an `IAgent`. See docs/control-api.md."""

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Never
from uuid import UUID

from attrs import Attribute, asdict
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.web.http import Request
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from eve_meta.agent.control_request import ControlRequest
from eve_meta.agent.refusal import INTERNAL, Refusal, RequestError, refusal
from eve_meta.agent.status import IAgent, State, Status

Verb = Callable[[ControlRequest], Awaitable[object]]
"""Answers with plain data."""


class ControlResource(Resource):
    """Answers in JSON, at once or later; its subclasses say to which verbs."""

    _log = Logger()

    def verbs(self) -> Mapping[str, Verb]:
        """What may be done with this resource, by method."""
        return {}

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        """Nothing is below."""
        del path, request
        return NoResource()

    def render(self, request: ControlRequest) -> int:
        """Answer, even if only with what went wrong."""
        answered = Deferred.fromCoroutine(self._respond(request))
        answered.addErrback(lambda failure: self._log.failure("an answer could not be sent", failure))
        return NOT_DONE_YET

    async def _respond(self, request: ControlRequest) -> None:
        """Carry out what is asked to its end, also for a client that does not wait for it."""
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        try:
            answer = await self._verb(request)(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            refused = self._refused(error)
            answer = refused.plain()
            request.setResponseCode(refused.status)
            for name, value in refused.headers.items():
                request.setHeader(name, value)
        if not gone:
            _send(request, answer)

    def _verb(self, request: ControlRequest) -> Verb:
        verbs = self.verbs()
        method = request.method.decode("ascii", "replace")
        verb = verbs.get("GET" if method == "HEAD" else method)
        if verb is None:
            allowed = sorted([*verbs, "HEAD"])
            message = f"{method} is not for this resource; {', '.join(allowed)} are"
            headers = {"Allow": ", ".join(allowed)}
            raise RequestError(HTTPStatus.METHOD_NOT_ALLOWED, "method", message, headers)
        return verb

    def _refused(self, error: Exception) -> Refusal:
        refused = refusal(error)
        if refused is INTERNAL:
            self._log.failure("a request on the control socket failed")
        return refused


class NoResource(ControlResource):
    """Any path that means nothing."""

    def _verb(self, request: ControlRequest) -> Never:
        del request
        message = "there is nothing here; /v1/interfaces is where to begin"
        raise RequestError(HTTPStatus.NOT_FOUND, "path", message)


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


class OneInterface(ControlResource):
    """`/v1/interfaces/NAME`: attached or not."""

    def __init__(self, agent: IAgent, name: bytes) -> None:
        super().__init__()
        self._agent = agent
        self._name = name

    def verbs(self) -> Mapping[str, Verb]:
        """It is looked at, attached and detached."""
        return {"GET": self._show, "PUT": self._attach, "DELETE": self._detach}

    def _interface(self) -> str:
        try:
            return self._name.decode()
        except UnicodeDecodeError as error:
            message = "the interface's name is not UTF-8"
            raise RequestError(HTTPStatus.BAD_REQUEST, "name", message) from error

    async def _show(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        status = self._agent.status(interface)
        if status is None:
            raise RequestError(
                HTTPStatus.NOT_FOUND, "not-attached", f"{interface} is not attached (see 'eve-meta list')"
            )
        return _plain(status)

    async def _attach(self, request: ControlRequest) -> object:
        attached = self._agent.attach(self._interface(), request.document(), request.wait_seconds())
        return _plain(await attached)

    async def _detach(self, request: ControlRequest) -> object:
        request.queried()
        interface = self._interface()
        return {"interface": interface, "detached": await self._agent.detach(interface)}


class ControlSite(Site):
    """The control socket's API, whole."""

    noisy = False

    def __init__(self, agent: IAgent, clock: IReactorTime) -> None:
        root, version = NoResource(), NoResource()
        root.putChild(b"v1", version)
        version.putChild(b"interfaces", Interfaces(agent))
        super().__init__(root, ControlRequest, parsePOSTFormSubmission=False, reactor=clock)

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


def _send(request: ControlRequest, answer: object) -> None:
    body = json.dumps(answer, indent=1).encode() + b"\n"
    request.setHeader("Content-Type", "application/json")
    request.setHeader("Content-Length", str(len(body)))
    request.write(body)
    request.finish()
