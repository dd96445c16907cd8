"""Writes the tables of fields in document.md anew, of the schema that documents are held against.

A table stands between comments that name it, and is of one part of a document, or of all kinds of values.
`scripts/docs --update` runs this; a test sees that nothing would change.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from eve_meta.document.schema import Schema, document_schemas

PAGE = Path(__file__).with_name("document.md")

_TABLE = re.compile(r"(<!-- fields of (\w+) -->\n).*?(<!-- end of fields -->)", re.DOTALL)
_KINDS = "values"
_SECTIONS = {
    "Interface": "interfaces",
    "DhcpAddress": "addresses",
    "SlaacAddress": "addresses",
    "StaticAddress": "addresses",
    "Route": "routes",
    "File": "files",
    "NicDevice": "devices",
    "DiskDevice": "devices",
    "ShareDevice": "devices",
    "NetworkData": "network_data",
    "NetworkDataLink": "links",
    "NetworkDataNetwork": "networks",
    "NetworkDataRoute": "routes-in-network_data",
    "NetworkDataService": "services",
    "Ec2": "ec2",
    "Eve": "eve",
    "Service": "service",
}
"""The heading on the page below which a part of a document is told of, by the part's schema."""


def updated(page: str) -> str:
    """The page with tables of now."""
    return _TABLE.sub(lambda found: found[1] + "\n" + _table(found[2]) + "\n" + found[3], page)


def _table(name: str) -> str:
    if name == _KINDS:
        rows = [
            "| value | what it is |",
            "|---|---|",
            *(f"| *{title}* | {what} |" for title, what in _kinds()),
        ]
    else:
        rows = ["| field | value | if left out |", "|---|---|---|", *_fields(document_schemas()[name])]
    return "".join(f"{row}\n" for row in rows)


def _fields(record: Schema) -> Iterator[str]:
    for name, schema in record["properties"].items():
        usual = "refused" if name in record["required"] else _usual(schema)
        yield f"| `{name}` | {words(schema)} |{f' {usual} ' if usual else ' '}|"


def _usual(schema: Schema) -> str:
    return f"`{schema['default']}`" if "default" in schema else ""


def words(schema: Schema) -> str:
    """What a value of a schema is, in Markdown."""
    match schema:
        case {"title": title}:
            said = f"*{title}*"
        case {"$ref": reference}:
            said = _linked(reference.rpartition("/")[2])
        case {"enum": choices}:
            said = ", ".join(map(_quoted, choices))
        case {"const": value}:
            said = _quoted(value)
        case {"anyOf": choices} | {"oneOf": choices}:
            said = " or ".join(dict.fromkeys(words(each) for each in choices if each != {"type": "null"}))
        case _:
            said = _of_type(schema)
    return said


def _of_type(schema: Schema) -> str:
    match schema:
        case {"type": "integer", "minimum": low, "maximum": high}:
            said = f"number from {low} to {high}"
        case {"type": "boolean"}:
            said = "`true` or `false`"
        case {"type": "array", "items": items}:
            said = f"list of {words(items)}".replace("list of number ", "list of numbers ")
        case {"propertyNames": keys, "additionalProperties": values}:
            said = f"mapping of {words(keys)} to {words(values)}"
        case _:
            said = "mapping" if schema else "anything"
    return said


def _quoted(value: object) -> str:
    return f"`{value}`" if value and isinstance(value, str) else f"`{json.dumps(value)}`"


def _linked(name: str) -> str:
    """A part of a document, where it is told of; a schema of one value stands for itself."""
    heading = _SECTIONS.get(name)
    return f"[{heading.partition('-')[0]}](#{heading})" if heading else words(document_schemas()[name])


def _kinds() -> list[tuple[str, str]]:
    """All kinds of values that have a name, with what they are."""
    return sorted(dict(_titled(document_schemas())).items(), key=lambda kind: kind[0].lower())


def _titled(schema: object) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        if "title" in schema and "description" in schema:
            yield schema["title"], schema["description"]
        for each in schema.values():
            yield from _titled(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _titled(each)


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
