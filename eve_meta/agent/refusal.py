"""What goes wrong, as the control socket says it: one table from errors to statuses."""

from collections.abc import Mapping
from http import HTTPStatus

from attrs import frozen

from eve_meta.agent.status import NotAttachedError
from eve_meta.errors import DocumentError, EveMetaError, StorageError
from netns.errors import (
    KernelRefusedError,
    MissingError,
    NameRefusedError,
    NetnsError,
    NoSuchInterfaceError,
    UnsuitableInterfaceError,
)


@frozen
class RequestError(EveMetaError):
    """A request that the control socket does not take.

    Attributes:
        headers: for the answer.
    """

    status: HTTPStatus
    kind: str
    message: str
    headers: Mapping[str, str] = {}

    def __str__(self) -> str:
        return self.message


@frozen
class Refusal:
    """An error in the words of the control socket.

    Attributes:
        kind: one of a few words that a program may act on.
        field: of the document; None where it is not to blame.
        headers: for the answer.
    """

    status: HTTPStatus
    kind: str
    message: str
    field: str | None = None
    headers: Mapping[str, str] = {}

    def plain(self) -> dict[str, object]:
        """The body of the answer."""
        field = {} if self.field is None else {"field": self.field}
        return {"error": {"kind": self.kind, **field, "message": self.message}}


INTERNAL = Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "an error in eve-meta itself: see the agent's log"
)

_KINDS: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (NameRefusedError, HTTPStatus.BAD_REQUEST, "name"),
    (NoSuchInterfaceError, HTTPStatus.NOT_FOUND, "no-such-interface"),
    (NotAttachedError, HTTPStatus.NOT_FOUND, "not-attached"),
    (UnsuitableInterfaceError, HTTPStatus.CONFLICT, "unsuitable-interface"),
    (KernelRefusedError, HTTPStatus.INTERNAL_SERVER_ERROR, "kernel"),
    (MissingError, HTTPStatus.SERVICE_UNAVAILABLE, "missing"),
    (StorageError, HTTPStatus.INSUFFICIENT_STORAGE, "storage"),
    (NetnsError, HTTPStatus.INTERNAL_SERVER_ERROR, "failed"),
    (EveMetaError, HTTPStatus.INTERNAL_SERVER_ERROR, "failed"),
)


def refusal(error: Exception) -> Refusal:
    """The words for an error; `INTERNAL` for one that nobody meant to raise."""
    if isinstance(error, DocumentError):
        return Refusal(HTTPStatus.BAD_REQUEST, "document", error.reason, field=error.field)
    if isinstance(error, RequestError):
        return Refusal(error.status, error.kind, error.message, headers=error.headers)
    for kind, status, word in _KINDS:
        if isinstance(error, kind):
            return Refusal(status, word, str(error))
    return INTERNAL
