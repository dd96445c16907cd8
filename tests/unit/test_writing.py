"""Text that is written is read as what it was written of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.document.notation import load
from eve_meta.document.writing import dump
from tests.fuzz.documents import DOCUMENTS, TEXT_THAT_IS_ODD

ODD = st.sampled_from(
    [
        *(each for each in TEXT_THAT_IS_ODD if each.isprintable() and len(each) < 999),
        *("1.5e5", "1e5", "0o17", "017", "1_000", "12:30:45", "on", "Yes", "~", "2020-01-01", ".5", ".inf"),
        *("- a", "a: b", "# x", "'", '"', "|", "> ", "!x", "&a", "---\n", "...\na", "%x\n", "\n", "a\n\n"),
        *("  lead\nx", "trail \nx", "\tx\ny", "a\x85b\nc", "a\rb\n", "a\u2028b\n", "\ufeffa\n"),
    ]
)
TEXTS = ODD | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


@given(st.dictionaries(TEXTS, PLAIN, max_size=3) | DOCUMENTS)
def test_written_is_read(data: object) -> None:
    assert json.dumps(data) == json.dumps(load(dump(data).encode()))


@pytest.mark.parametrize("text", ["#!/bin/sh\necho é\n", "#cloud-config\n  indented"])
def test_lines_stay_lines(text: str) -> None:
    assert text.splitlines() == [line.removeprefix("  ") for line in dump({"a": text}).splitlines()[1:]]


def test_nothing_stands_for_another() -> None:
    twin = {"b": "c"}

    assert "a:\n- b: c\n- b: c\n" == dump({"a": [twin, twin]})
