"""Plain data -> text in YAML that `notation` reads as the same data."""

import re
from typing import Any

import yaml

from eve_meta.document.notation import IMPLICIT

_BLOCK = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff]*")
"""Text that may stand as it is on lines of its own."""

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDTH = 2**31 - 1


def dump(data: object) -> str:
    """The text."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


class _Dumper(_BASE):
    """Quotes what either YAML's or our own few implicit types would take for something else than text."""

    def ignore_aliases(self, data: object) -> bool:
        """No value stands for another: whoever edits one means one."""
        del data
        return True

    def represent_lines(self, text: str) -> yaml.ScalarNode:
        """Text of many lines as it is, where it can be."""
        style = "|" if "\n" in text and _BLOCK.fullmatch(text) else None
        node: yaml.ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", text, style=style)
        return node


_Dumper.add_representer(str, _Dumper.represent_lines)
for _tag, _pattern, _first in IMPLICIT:
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)
