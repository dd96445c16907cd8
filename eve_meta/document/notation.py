"""Text in YAML or JSON -> plain data.

Of YAML's implicit types only those of its core schema are known, less octal numbers and powers without a
point. So dates, `on`, MAC addresses of digits alone and project names like `12e5` stay text.
Source: https://yaml.org/spec/1.2.2/ section 10.3.2.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

from eve_meta.document.plain import MAX_DEPTH, MAX_VALUES, check_plain
from eve_meta.document.problems import Path
from eve_meta.errors import DocumentError

MAX_BYTES = 4 * 1024 * 1024

_MAX_EVENTS = 2 * MAX_VALUES
"""A value makes one or two."""


def load(text: bytes) -> object:
    """The plain data in a text of YAML or JSON.

    Raises:
        DocumentError: it is too long, no UTF-8, not well formed, has a key twice, or is no plain data.
    """
    if len(text) > MAX_BYTES:
        raise DocumentError("", f"is longer than {MAX_BYTES} bytes")
    try:
        data = _json_or_yaml(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DocumentError("", f"is not UTF-8 text: see byte {error.start}") from error
    except yaml.YAMLError as error:
        raise DocumentError("", f"is not YAML: {_explained(error)}") from error
    except ValueError as error:
        raise DocumentError("", str(error)) from error
    check_plain(data)
    return data


def lines_of_keys(text: bytes, depth: int) -> dict[Path, int]:
    """On which line each key stands of so many mappings in each other; of a text that `load` has taken.

    Of JSON that is no YAML it is not known.
    """
    try:
        node = yaml.compose(text.decode("utf-8-sig"), Loader=_Loader)
    except yaml.YAMLError:
        return {}
    return dict(_lines_of_keys(node, (), depth))


def _lines_of_keys(node: yaml.Node | None, above: Path, depth: int) -> Iterator[tuple[Path, int]]:
    if depth and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*above, key.value), key.start_mark.line + 1
            yield from _lines_of_keys(value, (*above, key.value), depth - 1)


def _json_or_yaml(text: str) -> object:
    """JSON goes first: YAML takes neither its tabs nor its surrogates, and is slow."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=without_twins)
        except (json.JSONDecodeError, RecursionError):
            pass
    _check_shape(text)
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


def _check_shape(text: str) -> None:
    """Refuses nesting and size before they are composed: libyaml recurses without a limit, and is slow."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError(f"is nested deeper than {MAX_DEPTH} levels, at line {_line(event)}")
        if number > _MAX_EVENTS:
            raise ValueError(f"has more than {MAX_VALUES} values")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A mapping of its pairs in JSON.

    Raises:
        ValueError: a key is twice in it.
    """
    record = dict(pairs)
    if len(record) < len(pairs):
        twin = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"has the key {twin!r} twice in one mapping")
    return record


def _explained(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not well formed"
    return f"{problem}, at line {mark.line + 1}, column {mark.column + 1}" if mark else str(problem)


_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_MERGE = "tag:yaml.org,2002:merge"


def _error(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _mappings(source: yaml.Node) -> list[yaml.MappingNode]:
    """What a `<<` names, the strongest last.

    Source: https://yaml.org/type/merge.html
    """
    named = [source] if isinstance(source, yaml.MappingNode) else source.value[::-1]
    if not isinstance(source, yaml.CollectionNode) or not all(isinstance(n, yaml.MappingNode) for n in named):
        raise _error("expected a mapping or a list of mappings to merge", source)
    return named


class _Loader(_BASE):
    """A safe loader with few implicit types, to which a key twice in one mapping is an error."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}
    merged = 0

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        """PyYAML's own readers expect that what a tag says is so: `!!int ""` is an IndexError."""
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise _error(f"this is no {node.tag.rpartition(':')[2]}", node) from error

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put what is merged with `<<` in its place: as PyYAML, but to a bound, since merges multiply."""
        sources = [value for key, value in node.value if key.tag == _MERGE]
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        node.value = own
        merged = [pair for source in sources for each in _mappings(source) for pair in self._flat(each)]
        node.value = merged + own

    def _flat(self, source: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        self.flatten_mapping(source)
        self.merged += len(source.value)
        if self.merged > MAX_VALUES:
            raise _error(f"more than {MAX_VALUES} values are merged", source)
        yield from source.value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Source: PyYAML `constructor.py`, whose signature this is."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in seen:
                raise _error(f"the key {key.value!r} is twice", key)
            seen.add((key.tag, key.value if isinstance(key, yaml.ScalarNode) else id(key)))
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


IMPLICIT: tuple[tuple[str, str, list[str]], ...] = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
)
"""The types of text without quotes, each with its pattern and how it may begin."""

for _tag, _pattern, _first in IMPLICIT:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
