"""What a query asks to wait for, at every path of every tree."""

from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.answer import Answer, Metadata, Request, answer, paths
from eve_meta.document import parse
from eve_meta.exchange import Wait
from eve_meta.vm import VM, Service, Tokens
from tests.support import EXAMPLE

METADATA = Metadata(VM(uuid=UUID(int=1), user_data=b"one"), bytes(32))
USER_DATA = b"/latest/user-data"
SEEDED = b"/openstack/latest/meta_data.json"
PASSWORD = "/password"


def ask(target: bytes, method: bytes = b"GET", metadata: Metadata = METADATA, **headers: bytes) -> Answer:
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return answer(metadata, Request(method, target, named), 1.8e9, bytes)


def tag_of(target: bytes, metadata: Metadata = METADATA) -> bytes:
    return dict(ask(target, metadata=metadata).headers)[b"ETag"]


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_every_path_can_be_waited_at(method: bytes) -> None:
    """Of all trees, files with a seed and listings among them, but for a password, which is no metadata."""
    metadata = Metadata(parse(EXAMPLE | {"service": {}}), bytes(32))
    for path in paths(metadata):
        target = path.encode()
        waited = ask(target + b"?wait_for_change=true", method, metadata).wait

        assert waited == (None if path.endswith(PASSWORD) else Wait(tag_of(target, metadata), None)), path


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        (b"wait_for_change=true", None),
        (b"wait_for_change=True&alt=json&recursive=true", None),
        (b"timeout_sec=60&wait_for_change=true", 60),
        (b"wait_for_change=true&timeout_sec=99999999999999999999", 99999999999999999999),
        (b"alt=text&alt=json&wait_for_change=true&x&=&%ff=%zz", None),
    ],
)
def test_ways_to_ask(query: bytes, seconds: int | None) -> None:
    assert Wait(tag_of(USER_DATA), seconds) == ask(USER_DATA + b"?" + query).wait


@pytest.mark.parametrize("target", [USER_DATA, SEEDED])
def test_a_tag_that_is_so_still_is_waited_for(target: bytes) -> None:
    """As it was told, escaped as Go's clients do, bare as some cut it out, and without its weakness."""
    tag = tag_of(target)
    bare = tag.removeprefix(b"W/").strip(b'"')
    escaped = tag.replace(b"/", b"%2F").replace(b'"', b"%22")
    for known in (tag, escaped, bare, b'"' + bare + b'"', b"W/" + bare):
        assert ask(target + b"?wait_for_change=true&last_etag=" + known).wait == Wait(tag, None), known


@pytest.mark.parametrize("known", [b"0", b"NONE", b"", b'""', b"x", b"W/", b"%ff", b"%"])
@pytest.mark.parametrize("target", [USER_DATA, SEEDED])
def test_whoever_knows_another_or_none_is_answered_at_once(target: bytes, known: bytes) -> None:
    assert ask(target + b"?wait_for_change=true&last_etag=" + known) == ask(target)


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"wait_for_change=false",
        b"wait_for_change=FALSE&timeout_sec=x",
        b"timeout_sec=soon",
        b"last_etag=x&last_etag=y",
        b"xwait_for_change=true",
        b"wait_for_change=true&timeout_sec=0",
        b"/" * 500,
        b"&" * 500,
    ],
)
def test_whoever_does_not_ask_to_wait_is_answered_at_once(query: bytes) -> None:
    assert ask(USER_DATA) == ask(USER_DATA + b"?" + query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"wait_for_change", b"wait_for_change: neither true nor false\n"),
        (b"wait_for_change=1", b"wait_for_change: neither true nor false\n"),
        (b"wait_for_change=true&wait_for_change=true", b"wait_for_change: more than one\n"),
        (b"wait_for_change=true&timeout_sec=", b"timeout_sec: no whole number of seconds\n"),
        (b"wait_for_change=true&timeout_sec=-1", b"timeout_sec: no whole number of seconds\n"),
        (b"wait_for_change=true&timeout_sec=1.5", b"timeout_sec: no whole number of seconds\n"),
        (b"wait_for_change=true&timeout_sec=%d9%a5", b"timeout_sec: no whole number of seconds\n"),
        (b"wait_for_change=true&timeout_sec=1&timeout_sec=2", b"timeout_sec: more than one\n"),
        (b"wait_for_change=true&last_etag=a&last_etag=b", b"last_etag: more than one\n"),
        (b"wait_for_change=true" + b"&a" * 16, b"wait_for_change: a query with more than 16 parameters\n"),
    ],
)
def test_what_says_nothing_is_refused_by_name(query: bytes, reason: bytes) -> None:
    refused = ask(USER_DATA + b"?" + query)

    assert (400, reason, None) == (refused.status, refused.body, refused.wait)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        (b"GET", b"/latest/nothing", 404),
        (b"POST", USER_DATA, 405),
        (b"PUT", b"/latest/api/token", 400),
        (b"GET", b"/latest/api/token", 405),
        (b"GET", b"/openstack/latest/password", 200),
        (b"POST", b"/openstack/latest/password", 200),
        (b"GET", b"*", 400),
    ],
)
def test_where_nobody_waits(method: bytes, target: bytes, status: int) -> None:
    """What is refused without, and what is no metadata: whatever the query says."""
    for query in (b"?wait_for_change=true", b"?wait_for_change=x"):
        found = ask(target + query, method)

        assert (status, None) == (found.status, found.wait)
        assert ask(target, method) == found


def test_a_token_is_needed_to_wait() -> None:
    guarded = Metadata(evolve(METADATA.vm, service=Service(tokens=Tokens.REQUIRED)), bytes(32))

    assert ask(USER_DATA + b"?wait_for_change=true", metadata=guarded) == ask(USER_DATA, metadata=guarded)


def test_whoever_knows_it_waits_to_be_told_so() -> None:
    """`If-None-Match` says what is sent, the query when."""
    tag = tag_of(USER_DATA)

    found = ask(USER_DATA + b"?wait_for_change=true", if_none_match=tag)

    assert (304, Wait(tag, None)) == (found.status, found.wait)


@given(st.binary(max_size=300))
def test_whatever_the_query(query: bytes) -> None:
    assert ask(USER_DATA + b"?wait_for_change=true&" + query).status in {200, 400}
