"""Entity tags of what a guest reads."""

from collections.abc import Callable
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.answer import Answer, Metadata, Request, answer, paths
from eve_meta.vm import VM, Service, Tokens

METADATA = Metadata(VM(uuid=UUID(int=1), user_data=b"one"), bytes(32), password="secret")
SEEDED = b"/openstack/latest/meta_data.json"
USER_DATA = b"/latest/user-data"


def ask(
    target: bytes, known: bytes | None = None, method: bytes = b"GET", metadata: Metadata = METADATA
) -> Answer:
    headers = {} if known is None else {b"if-none-match": known}
    return answer(metadata, Request(method, target, headers), 1.8e9, bytes)


def tag_of(target: bytes, metadata: Metadata = METADATA) -> bytes:
    return dict(ask(target, metadata=metadata).headers)[b"ETag"]


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_whoever_knows_the_tag_is_told_so(method: bytes) -> None:
    """At every path, listings, seeds and the password too; the answer has no body and the tag."""
    for target in map(str.encode, paths(METADATA)):
        tag = tag_of(target)
        assert Answer(304, ((b"ETag", tag),), b"") == ask(target, tag, method)


@pytest.mark.parametrize("known", [b'"x"', b"", b"x", b'"x", "y"', b"**", b'W/"x"'])
@pytest.mark.parametrize("target", [USER_DATA, SEEDED])
def test_whoever_knows_another_reads_it(target: bytes, known: bytes) -> None:
    assert ask(target) == ask(target, known)


@pytest.mark.parametrize(
    "known",
    [
        lambda _: b"*",
        lambda _: b" * ",
        lambda tag: b'"x", ' + tag,
        lambda tag: b'"x",' + tag + b' , "y"',
        lambda tag: b"W/" + tag.removeprefix(b"W/"),
        lambda tag: tag.removeprefix(b"W/"),
    ],
)
@pytest.mark.parametrize("target", [USER_DATA, SEEDED])
def test_ways_to_say_it(target: bytes, known: Callable[[bytes], bytes]) -> None:
    """A list, any, and weakly or not: what is compared is the same. Source: RFC 9110, 13.1.2."""
    assert 304 == ask(target, known(tag_of(target))).status


def test_a_change_is_another_tag() -> None:
    """What has changed has another tag, the rest has not."""
    changed = Metadata(VM(uuid=UUID(int=1), user_data=b"two"), bytes(32))

    assert tag_of(USER_DATA) != tag_of(USER_DATA, changed)
    assert tag_of(SEEDED) == tag_of(SEEDED, changed)


def test_another_seed_is_no_change() -> None:
    request = Request(b"GET", SEEDED, {})
    first = answer(METADATA, request, 1.8e9, bytes)
    second = answer(METADATA, request, 1.8e9, lambda count: b"x" * count)

    assert first.body != second.body
    assert first.headers == second.headers
    assert dict(first.headers)[b"ETag"].startswith(b"W/")


def test_another_password_is_a_change() -> None:
    target = b"/openstack/latest/password"

    assert tag_of(target) != tag_of(target, evolve(METADATA, password=""))


@pytest.mark.parametrize(("target", "status"), [(b"/nothing", 404), (b"*", 400), (b"/" + b"a" * 3000, 414)])
def test_what_is_not_there_has_none(target: bytes, status: int) -> None:
    found = ask(target, b"*")

    assert status == found.status
    assert b"ETag" not in dict(found.headers)


def test_a_token_is_needed_all_the_same() -> None:
    """Without one not even that is told."""
    guarded = Metadata(evolve(METADATA.vm, service=Service(tokens=Tokens.REQUIRED)), bytes(32))

    assert 401 == ask(USER_DATA, b"*", metadata=guarded).status


@given(st.binary(max_size=200))
def test_whatever_is_known(known: bytes) -> None:
    assert ask(USER_DATA, known).status in {200, 304}
