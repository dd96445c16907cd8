"""Whether what a command prints is what a page shows of it: the same but for numbers, and what is left out.

`…` stands for whatever is in a line, or if it is alone in one, for any number of lines. Numbers, units of
time, bars and blanks may differ.
"""

import re
from collections.abc import Sequence

_DIFFERENCES = (
    (re.compile(r"\d+(\.\d+)?"), "0"),
    (re.compile(r"\b0 (ms|s|min|h)\b"), "0 s"),
    (re.compile("[●·]+"), "●"),
    (re.compile(r"[ \t]+"), " "),
)


def is_like(shown: Sequence[str], printed: str) -> bool:
    """Whether a page may show this of what was printed."""
    lines = [_pattern(line) for line in shown]
    return (
        re.fullmatch("".join(lines), _alike(printed.rstrip("\n") + "\n" if printed.strip() else ""))
        is not None
    )


def _pattern(line: str) -> str:
    if line.strip() == "…":
        return "(?:.*\n)*"
    return ".*".join(re.escape(part) for part in _alike(line).rstrip().split("…")) + " ?\n"


def _alike(text: str) -> str:
    for what, instead in _DIFFERENCES:
        text = what.sub(instead, text)
    return text
