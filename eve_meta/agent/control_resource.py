"""A resource of the control socket: JSON out, now or later, and every error in words.

What it is a resource of, its subclasses say.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Never, Protocol, runtime_checkable

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from eve_meta.agent.control_request import ControlRequest
from eve_meta.agent.refusal import INTERNAL, Refusal, RequestError, refusal

_JSON = "application/json"

Verb = Callable[[ControlRequest], Awaitable[object]]
"""Answers with plain data, or with what can `send` itself."""


@frozen
class AsItIs:
    """What is handed on unread: JSON, if nothing else is said."""

    body: bytes
    content_type: str = _JSON

    def send(self, request: ControlRequest) -> None:
        """Send it, with a length."""
        request.setHeader("Content-Type", self.content_type)
        request.setHeader("Content-Length", str(len(self.body)))
        request.write(self.body)
        request.finish()


@runtime_checkable
class ISendable(Protocol):
    """An answer that is no plain data."""

    def send(self, request: ControlRequest) -> None:
        """Send it to a client that is there."""


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
            sendable = answer if isinstance(answer, ISendable) else _in_json(answer)
            sendable.send(request)

    def _verb(self, request: ControlRequest) -> Verb:
        verbs = self.verbs()
        method = request.method.decode("ascii", "replace")
        verb = verbs.get("GET" if method == "HEAD" else method)
        if verb is None:
            allowed = sorted([*verbs, "HEAD"])
            message = f"{method} is not for this resource; {', '.join(allowed)} are"
            headers = {"Allow": ", ".join(allowed)}
            raise RequestError("method", message, headers)
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
        raise RequestError("path", message)


def _in_json(answer: object) -> AsItIs:
    return AsItIs(json.dumps(answer, indent=1).encode() + b"\n")
