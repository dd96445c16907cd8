"""The description of the control socket's API, held against the code and the page about it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import fields
from twisted.internet.task import Clock
from twisted.web.resource import Resource, getChildForRequest
from twisted.web.test.requesthelper import DummyRequest

from eve_meta.agent.control import ControlSite
from eve_meta.agent.control_resource import ControlResource
from eve_meta.agent.events import KINDS, Events
from eve_meta.agent.refusal import STATUSES
from eve_meta.agent.status import Status
from eve_meta.document import schema as document_schema
from eve_meta.document import structure
from eve_meta.document.schema import document_schemas, reference
from eve_meta.vm import VM, IPAddress
from tests.support import EXAMPLE
from tests.unit.agent.described import DESCRIPTION, ELSEWHERE, operations, validator

PAGE = (Path(__file__).parents[3] / "docs" / "control-api.md").read_text(encoding="utf-8")


SITE = ControlSite(cast("Any", None), Events(), Clock())
"""Of no agent, since nothing is asked of it."""


def resource_at(path: str) -> ControlResource:
    """What the site has at a path."""
    names = [name.encode() for name in path.format(interface="tap0", kind="kubeconfig").split("/")[1:]]
    return cast("ControlResource", getChildForRequest(SITE.resource, DummyRequest(names)))


def resources(kind: type[Resource] = ControlResource) -> Iterator[type[Resource]]:
    """The site's kinds of resources."""
    for each in kind.__subclasses__():
        yield from (each, *resources(each))


def kinds(responses: dict[str, Any]) -> dict[str, int]:
    """The kinds of errors in described responses, each with its status."""
    errors = {status: each["content"] for status, each in responses.items() if status != "200"}
    schemas = {
        status: content["application/json"]["schema"]["allOf"][1] for status, content in errors.items()
    }
    return {
        kind: int(status)
        for status, schema in schemas.items()
        for kind in schema["properties"]["error"]["properties"]["kind"]["enum"]
    }


@pytest.mark.parametrize("path", DESCRIPTION["paths"])
def test_methods(path: str) -> None:
    """A path takes the methods that it is said to take."""
    said = {method for method, where, _ in operations() if where == path}

    assert {*resource_at(path).verbs(), "HEAD"} == said


def test_paths() -> None:
    """Each kind of resource that takes a method is at a path that is described."""
    overriding = {kind for kind in resources() if "verbs" in vars(kind)}

    assert {type(resource_at(path)) for path in DESCRIPTION["paths"]} == overriding


def test_kinds() -> None:
    """Each kind of error is described where it may occur, with its status."""
    said = [kinds(each["responses"]) for method, _, each in operations() if method != "HEAD"]

    assert {kind: int(STATUSES[kind]) for kind in STATUSES.keys() - ELSEWHERE.keys()} == {
        kind: status for each in said for kind, status in each.items()
    }


def test_names_of_operations() -> None:
    """No two requests have the same name."""
    names = [said["operationId"] for _, _, said in operations()]

    assert len(names) == len(set(names))


def test_page_requests() -> None:
    """The page has a row for each request that is described."""
    rows = re.findall(r"^\| `([A-Z]+) (/\S*?)(?:\[.*)?` \|", PAGE, re.MULTILINE)

    assert sorted(
        (method, path.replace("NAME", "{interface}").replace("KIND", "{kind}")) for method, path in rows
    ) == sorted((method, path) for method, path, _ in operations() if method != "HEAD")


def test_page_parameters() -> None:
    """The page names the query's parameters."""
    named = re.findall(r"[?&]([a-z]+)=", PAGE.partition("| request")[2].partition("## Status")[0])
    said = [
        each["name"]
        for method, _, operation in operations()
        if method != "HEAD"
        for each in operation.get("parameters", ())
    ]

    assert said == named


def test_page_errors() -> None:
    """The page tells each kind's status."""
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (\d{3}) \|", PAGE, re.MULTILINE)
    told = {kind: int(status) for cell, status in rows for kind in re.findall(r"[a-z-]+", cell)}

    assert {kind: int(status) for kind, status in STATUSES.items()} == told


def test_page_status() -> None:
    """The page tells each field of a status."""
    table = PAGE.partition("## Status")[2].partition("## Errors")[0]
    told = re.findall(
        r"`([a-z_]+)`", "".join(re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", table, re.MULTILINE))
    )

    assert sorted(field.name for field in fields(Status)) == sorted(told)


def test_document() -> None:
    """The schema knows each field of a document, and takes the one that says everything."""
    assert [field.name for field in fields(VM)] == list(document_schemas()["Document"]["properties"])
    assert [] == [error.message for error in validator(reference("Document")).iter_errors(EXAMPLE)]


def test_kinds_of_values() -> None:
    """The schema knows each kind of value that a document is read into."""
    special = {kind for kind in structure._READERS if getattr(kind, "__name__", "").startswith("_")}
    known = {*document_schema._KINDS, IPAddress | None}

    assert structure._READERS.keys() - special <= known
    assert structure._NAMED.keys() == document_schema._NAMED.keys()


def test_references() -> None:
    """What a schema refers to is there, and nothing else is."""
    text = str(DESCRIPTION)

    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == DESCRIPTION["components"]["schemas"].keys()


def test_page_events() -> None:
    """The page tells what each kind of event means."""
    table = PAGE.partition("## Events")[2].partition("| kind | |")[2]

    assert dict(KINDS) == dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", table, re.MULTILINE))
