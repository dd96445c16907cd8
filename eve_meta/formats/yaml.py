"""YAML for guests, written as the JSON that it also is: no emitter is slower or larger than it has to be.

PyYAML takes an escaped surrogate pair for two characters that are none, and other characters for no text
unless they are escaped: so those beyond the basic plane stand as they are, all others outside ASCII escaped.
Source: https://yaml.org/spec/1.2.2/ sections 1.2 and 5.7; PyYAML `reader.py`, `NON_PRINTABLE`.
"""

import json
import re

from eve_meta.tree import Leaf

YAML = b"application/yaml"
"""Source: RFC 9512."""

_TO_ESCAPE = re.compile("[\x7f-\uffff]")


def yaml_leaf(value: object) -> Leaf:
    """A leaf that holds plain data."""
    text = json.dumps(value, ensure_ascii=False)
    return Leaf(_TO_ESCAPE.sub(_escaped, text).encode(), YAML)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"
