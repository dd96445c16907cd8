"""Briefs in sealed memory files."""

import json
import os

import pytest
from attrs import evolve

from eve_meta import brief
from eve_meta.brief import Brief, BriefError, read_briefs, write_briefs

EXAMPLE = Brief(
    document='{"uuid": "u",\n"name": "ünïcode"}'.encode(),
    token_key=bytes(range(32)),
    password="sécret",
    revision=7,
)
OTHER = evolve(EXAMPLE, document=b"{}", revision=8)
FIELDS = {"token_key": "00", "password": "", "revision": 1, "document_bytes": 0}


def memory_file(content: bytes) -> int:
    descriptor = os.memfd_create("test")
    os.write(descriptor, content)
    return descriptor


def test_a_server_reads_what_the_agent_wrote() -> None:
    for briefs in ([EXAMPLE], [EXAMPLE, evolve(EXAMPLE, document=b""), OTHER], []):
        assert read_briefs(write_briefs(briefs)) == briefs


def test_every_holder_of_the_file_reads_all_of_it() -> None:
    """A descriptor that is handed over shares its position with the one that is kept."""
    ours = write_briefs([EXAMPLE])
    theirs = os.dup(ours)

    assert read_briefs(theirs) == [EXAMPLE]
    assert read_briefs(ours) == [EXAMPLE]


def test_nobody_can_change_it() -> None:
    descriptor = write_briefs([EXAMPLE])

    with pytest.raises(PermissionError):
        os.pwrite(descriptor, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 0)
    os.close(descriptor)


def test_reading_closes_the_descriptor_even_of_rubbish() -> None:
    descriptor = memory_file(b"rubbish")

    with pytest.raises(BriefError):
        read_briefs(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize(
    "content",
    [
        b"\n",
        b"\xff",
        b"[]",
        b"{}",
        json.dumps(FIELDS | {"token_key": "secret"}).encode(),
        json.dumps(FIELDS | {"revision": "secret"}).encode(),
        json.dumps(FIELDS | {"password": ["secret"]}).encode(),
        json.dumps(FIELDS | {"document_bytes": "secret"}).encode(),
    ],
)
def test_what_is_no_brief_is_refused_without_quoting_it(content: bytes) -> None:
    with pytest.raises(BriefError, match="cannot be read") as caught:
        read_briefs(memory_file(content))

    assert "secret" not in str(caught.value)


def test_too_large_is_refused_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_briefs([EXAMPLE])
    monkeypatch.setattr(brief, "MAX_BYTES", 10)

    with pytest.raises(BriefError, match="larger than 10 bytes"):
        write_briefs([EXAMPLE])
    with pytest.raises(BriefError, match="larger than 10 bytes"):
        read_briefs(written)


def test_printing_a_brief_tells_no_secret() -> None:
    assert repr(EXAMPLE) == "Brief(revision=7)"
