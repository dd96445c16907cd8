"""Answers of the control socket, held against the description of its API."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from eve_meta.agent.description import description

DESCRIPTION = description()

ELSEWHERE = {"path": 404, "method": 405}
"""Kinds of errors of requests that are not described."""


def validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """Of one of the description's schemas."""
    whole = schema | {"components": DESCRIPTION["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each request that is described: method, path and what is said of it."""
    for path, methods in DESCRIPTION["paths"].items():
        yield from (
            (method.upper(), path, said) for method, said in methods.items() if method != "parameters"
        )


def errors_of(method: str, target: str, status: int, body: Any) -> list[str]:
    """What of an answer is not as it is described."""
    path = target.partition("?")[0].removesuffix("/")
    said = next((said for verb, where, said in operations() if verb == method and _fits(where, path)), None)
    if said is None:
        return [] if ELSEWHERE.get(body["error"]["kind"]) == status else ["is not described"]
    answers = said["responses"]
    if str(status) not in answers:
        return [f"{status} is not described"]
    content = answers[str(status)].get("content")
    if content is None:
        return []
    return [error.message for error in validator(content["application/json"]["schema"]).iter_errors(body)]


def _fits(described: str, path: str) -> bool:
    return re.fullmatch(re.sub("{[a-z]+}", "[^/]+", described), path) is not None
