"""What goes wrong, as the control socket says it: one table of kinds, and which error is of which."""

from collections.abc import Mapping
from http import HTTPStatus

from attrs import frozen

from eve_meta.agent.status import NotAnsweredError, NotAttachedError, NotReportedError
from eve_meta.errors import DocumentError, EveMetaError, StorageError
from netns.errors import (
    KernelRefusedError,
    MissingError,
    NameRefusedError,
    NetnsError,
    NoSuchInterfaceError,
    UnsuitableInterfaceError,
)

STATUSES: Mapping[str, HTTPStatus] = {
    "document": HTTPStatus.BAD_REQUEST,
    "json": HTTPStatus.BAD_REQUEST,
    "name": HTTPStatus.BAD_REQUEST,
    "query": HTTPStatus.BAD_REQUEST,
    "no-such-interface": HTTPStatus.NOT_FOUND,
    "not-attached": HTTPStatus.NOT_FOUND,
    "not-reported": HTTPStatus.NOT_FOUND,
    "path": HTTPStatus.NOT_FOUND,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "unsuitable-interface": HTTPStatus.CONFLICT,
    "length": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "kernel": HTTPStatus.INTERNAL_SERVER_ERROR,
    "failed": HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "not-answered": HTTPStatus.SERVICE_UNAVAILABLE,
    "missing": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage": HTTPStatus.INSUFFICIENT_STORAGE,
}
"""The status of each kind of error."""


@frozen
class RequestError(EveMetaError):
    """A request that the control socket does not take.

    Attributes:
        kind: one of `STATUSES`.
        headers: for the answer.
    """

    kind: str
    message: str
    headers: Mapping[str, str] = {}

    def __str__(self) -> str:
        return self.message


@frozen
class Refusal:
    """An error in the words of the control socket.

    Attributes:
        kind: one of `STATUSES`, which a program may act on.
        field: of the document; None where it is not to blame.
        headers: for the answer.
    """

    kind: str
    message: str
    field: str | None = None
    headers: Mapping[str, str] = {}

    @property
    def status(self) -> HTTPStatus:
        """With which it is answered."""
        return STATUSES[self.kind]

    def plain(self) -> dict[str, object]:
        """The body of the answer."""
        field = {} if self.field is None else {"field": self.field}
        return {"error": {"kind": self.kind, **field, "message": self.message}}


INTERNAL = Refusal("internal", "an error in eve-meta itself: see the agent's log")

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (NameRefusedError, "name"),
    (NoSuchInterfaceError, "no-such-interface"),
    (NotAttachedError, "not-attached"),
    (NotReportedError, "not-reported"),
    (NotAnsweredError, "not-answered"),
    (UnsuitableInterfaceError, "unsuitable-interface"),
    (KernelRefusedError, "kernel"),
    (MissingError, "missing"),
    (StorageError, "storage"),
    (NetnsError, "failed"),
    (EveMetaError, "failed"),
)


def refusal(error: Exception) -> Refusal:
    """The words for an error; `INTERNAL` for one that nobody meant to raise."""
    if isinstance(error, DocumentError):
        return Refusal("document", error.reason, field=error.field)
    if isinstance(error, RequestError):
        return Refusal(error.kind, error.message, headers=error.headers)
    for kind, word in _KINDS:
        if isinstance(error, kind):
            return Refusal(word, str(error))
    return INTERNAL
