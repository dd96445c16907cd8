"""The tables of fields in docs/document.md are those that the code makes, and none is missing."""

import re
from typing import Any

import pytest

from docs.fields import PAGE, updated, words
from eve_meta.document.schema import document_schemas

TEXT = PAGE.read_text(encoding="utf-8")
ONE_VALUE = {"Path"}
"""A schema that is no part of a document with fields."""


def test_up_to_date() -> None:
    """Run `scripts/docs --update` where this fails."""
    assert updated(TEXT) == TEXT


def test_whole() -> None:
    """Each part of a document has a table."""
    named = re.findall(r"<!-- fields of (\w+) -->", TEXT)

    assert sorted(named) == sorted((document_schemas().keys() - ONE_VALUE) | {"values"})


def test_spoiled() -> None:
    """What is written into a table by hand does not stay."""
    row = "| `uuid` | *UUID* | refused |\n"

    assert TEXT.count(row) == 1
    assert updated(TEXT.replace(row, "| `uuid` | text | |\n")) == TEXT


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 64}, "number from 1 to 64"),
        ({"anyOf": [{"title": "line"}, {"type": "null"}]}, "*line*"),
        ({"anyOf": [{"const": ""}, {"title": "line"}]}, '`""` or *line*'),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Route"}}, "list of [routes](#routes)"),
        ({"$ref": "#/components/schemas/Path"}, "*path*"),
        (
            {"type": "object", "propertyNames": {"title": "key"}, "additionalProperties": {}},
            "mapping of *key* to anything",
        ),
        ({"const": True}, "`true`"),
        ({"enum": [4, 6]}, "`4`, `6`"),
    ],
)
def test_words(schema: dict[str, Any], expected: str) -> None:
    assert expected == words(schema)
