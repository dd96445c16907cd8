"""The control socket's API in the words of OpenAPI 3.1, as it tells it itself at `/openapi.json`.

Documents and statuses are read off their classes, errors off their table; which of these belong to which
request stands here. Source: https://spec.openapis.org/oas/v3.1.1
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from eve_meta.accesses import Access, Revision
from eve_meta.agent.events import KINDS
from eve_meta.agent.refusal import STATUSES
from eve_meta.agent.reports import Report
from eve_meta.agent.status import Contact, Status
from eve_meta.contact import WAIT_MAX_SECONDS
from eve_meta.document.schema import Schema, document_schemas, record, reference
from eve_meta.reports import REPORTS
from eve_meta.totals import FORMATS
from eve_meta.traffic import Outcomes, Traffic

PATH = "/openapi.json"

_ABOUT = """\
What eve-meta's agent is asked over its Unix socket, control.sock in its run directory; the host of a URL is
not looked at. A path that is not here is answered 404 with the error kind `path`, another method of one that
is here 405 with the kind `method` and `Allow`, and what is no HTTP 400 without a body. See
docs/control-api.md, and docs/document.md for documents.
"""

_STRING = {"type": "string"}
_INTEGER = {"type": "integer"}
_NUMBER = {"type": "number"}
_BOOLEAN = {"type": "boolean"}
_UUID = {"type": "string", "format": "uuid"}
_STATUS_KINDS: Mapping[Any, Schema] = {
    str: _STRING,
    bool: _BOOLEAN,
    UUID: _UUID,
    int: _INTEGER,
    float: _NUMBER,
    Mapping[str, Outcomes]: {
        "type": "object",
        "propertyNames": {"enum": list(FORMATS)},
        "additionalProperties": reference("Outcomes"),
    },
}

_NAME = {
    "name": "interface",
    "in": "path",
    "required": True,
    "description": "The VM's port on the host, of at most 15 bytes, percent-encoded once.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 15,
        "pattern": r"^[^\s/:\u0000-\u0020\u007f]+$",
    },
}
_WAIT = {
    "name": "wait",
    "in": "query",
    "description": "For how many seconds the interface is waited for, if it is not there.",
    "schema": {"type": "number", "minimum": 0, "maximum": WAIT_MAX_SECONDS, "default": 0},
}
_FROM = {
    "name": "uuid",
    "in": "query",
    "description": "The VM to detach; another's interface stays attached.",
    "schema": _UUID,
}
_KIND = {
    "name": "kind",
    "in": "path",
    "required": True,
    "description": "Of the report.",
    "schema": {"enum": list(REPORTS)},
}
_SINCE = {
    "name": "since",
    "in": "query",
    "description": "The number of an event: only those behind it are told.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 10**17 - 1, "default": 0},
}
_FOLLOW = {
    "name": "follow",
    "in": "query",
    "description": "Whether to tell of each event that follows, too, without end.",
    "schema": {"type": "boolean", "default": False},
}
_DOCUMENT = {
    "required": True,
    "content": {kind: {"schema": reference("Document")} for kind in ("application/json", "application/yaml")},
}

_COMMON = ("query", "internal")
_ONE = (*_COMMON, "name")
_CHANGE = (*_ONE, "kernel", "failed", "missing", "storage")
"""What any change may fail with."""


def description() -> dict[str, Any]:
    """The whole description, as plain data."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "eve-meta's control socket", "version": "1", "description": _ABOUT},
        "paths": {path: _with_head(operations) for path, operations in _paths().items()},
        "components": {"schemas": document_schemas() | _answers()},
    }


def _paths() -> dict[str, dict[str, Any]]:
    status = reference("Status")
    attach = ("document", "json", "no-such-interface", "unsuitable-interface", "length", "type")
    return {
        PATH: {"get": _operation("describe", "This description.", {"type": "object"}, _COMMON)},
        "/v1/interfaces": {
            "get": _operation("list", "All that is attached, by name.", reference("List"), _COMMON)
        },
        "/v1/interfaces/{interface}": {
            "parameters": [_NAME],
            "get": _operation("show", "One attached interface.", status, (*_ONE, "not-attached")),
            "put": {
                **_operation(
                    "attach",
                    "Serve a document at an interface; answered once a guest is.",
                    status,
                    (*_CHANGE, *attach),
                ),
                "parameters": [_WAIT],
                "requestBody": _DOCUMENT,
            },
            "delete": {
                **_operation("detach", "Forget an interface.", reference("Detached"), _CHANGE),
                "parameters": [_FROM],
            },
        },
        "/v1/interfaces/{interface}/contacts": {
            "parameters": [_NAME],
            "get": _operation(
                "contacts",
                "Who has shown himself there, by ARP or neighbour discovery.",
                reference("Contacts"),
                (*_ONE, "not-attached", "kernel"),
            ),
        },
        "/v1/interfaces/{interface}/requests": {
            "parameters": [_NAME],
            "get": _operation(
                "requests",
                "What guests have asked there since the door was opened.",
                reference("Accesses"),
                (*_ONE, "not-attached", "not-answered"),
            ),
        },
        "/metrics": {"get": _metrics()},
        "/v1/traffic": {
            "get": _operation(
                "traffic", "How much guests ask, at all interfaces.", reference("AllTraffic"), _COMMON
            )
        },
        "/v1/interfaces/{interface}/reports": {
            "parameters": [_NAME],
            "get": _operation(
                "reports",
                "What the guest there has reported.",
                reference("Reports"),
                (*_ONE, "not-attached", "storage"),
            ),
        },
        "/v1/interfaces/{interface}/reports/{kind}": {
            "parameters": [_NAME, _KIND],
            "get": _report(),
        },
        "/v1/events": {"get": _events()},
        "/v1/interfaces/{interface}/password": {
            "parameters": [_NAME],
            "get": _operation(
                "password", "What the guest has set.", reference("Password"), (*_ONE, "not-attached")
            ),
            "delete": _operation(
                "clear", "Let the guest set another.", reference("Cleared"), (*_CHANGE, "not-attached")
            ),
        },
    }


def _metrics() -> dict[str, Any]:
    described = _operation("metrics", "All that is counted, for Prometheus.", _STRING, _COMMON)
    described["responses"]["200"]["content"] = {"text/plain": {"schema": _STRING}}
    return described


def _report() -> dict[str, Any]:
    kinds = (*_ONE, "not-attached", "not-reported", "storage")
    described = _operation("report", "A report, as the guest has sent it.", _STRING, kinds)
    types = sorted({each.decode() for each in REPORTS.values()})
    described["responses"]["200"]["content"] = {each: {"schema": {}} for each in types}
    return described


def _events() -> dict[str, Any]:
    event = reference("Event")
    described = _operation("events", "What has changed, a line of JSON for each event.", event, _COMMON)
    described["responses"]["200"]["content"] = {"application/jsonl": {"schema": event}}
    return described | {"parameters": [_SINCE, _FOLLOW]}


def _operation(name: str, summary: str, answer: Schema, kinds: tuple[str, ...]) -> dict[str, Any]:
    """A request: what it is answered, and with which kinds of error it may fail."""
    by_status: dict[int, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(STATUSES[kind], []).append(kind)
    refused = {str(int(status)): _refused(by_status[status]) for status in sorted(by_status)}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": _answered("Done.", answer)} | refused,
    }


def _answered(words: str, schema: Schema) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _refused(kinds: list[str]) -> dict[str, Any]:
    kind = {"properties": {"error": {"properties": {"kind": {"enum": kinds}}}}}
    return _answered(f"Refused: {', '.join(kinds)}.", {"allOf": [reference("Error"), kind]})


def _with_head(operations: dict[str, Any]) -> dict[str, Any]:
    """HEAD answers as GET does, without a body."""
    get = operations["get"]
    responses = {status: {"description": each["description"]} for status, each in get["responses"].items()}
    return operations | {
        "head": get | {"operationId": f"{get['operationId']}Head", "responses": responses},
    }


def _answers() -> dict[str, Schema]:
    error = _record(kind={"enum": list(STATUSES)}, message=_STRING)
    error["properties"]["field"] = _STRING | {
        "description": "Of the document: its path, `interfaces[1].mac`."
    }
    return {
        "Status": record(Status, _STATUS_KINDS),
        "List": _record(
            interfaces={"type": "array", "items": reference("Status")},
            problems={"type": "array", "items": _STRING},
        ),
        "Contact": record(Contact, _STATUS_KINDS),
        "Contacts": _record(interface=_STRING, contacts={"type": "array", "items": reference("Contact")}),
        "Detached": _record(interface=_STRING, detached=_BOOLEAN),
        "Outcomes": record(Outcomes, _STATUS_KINDS),
        "Traffic": record(Traffic, _STATUS_KINDS),
        "AllTraffic": _record(
            at=_NUMBER, interfaces={"type": "object", "additionalProperties": reference("Traffic")}
        ),
        "Access": record(Access, _STATUS_KINDS),
        "Revision": record(Revision, _STATUS_KINDS),
        "Accesses": _record(
            since=_NUMBER,
            revisions={"type": "array", "items": reference("Revision")},
            count=_INTEGER,
            requests={"type": "array", "items": reference("Access")},
        ),
        "Report": record(Report, _STATUS_KINDS),
        "Reports": _record(interface=_STRING, reports={"type": "array", "items": reference("Report")}),
        "Event": _event(),
        "Password": _record(interface=_STRING, password={"type": ["string", "null"]}),
        "Cleared": _record(interface=_STRING, cleared=_BOOLEAN),
        "Error": _record(error=error),
    }


def _event() -> Schema:
    always = _record(
        number=_INTEGER,
        kind={"enum": list(KINDS)},
        time=_STRING | {"format": "date-time"},
        level=_STRING,
        logger=_STRING,
        message=_STRING,
    )
    where_known = {
        "interfaces": {"type": "array", "items": _STRING},
        "vm": _UUID,
        "revision": _INTEGER,
        "ms": _INTEGER,
    }
    return always | {"properties": always["properties"] | where_known}


def _record(**fields: Schema) -> Schema:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
