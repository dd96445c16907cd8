"""What a guest reports: what is taken, and what is not."""

import pytest

from eve_meta.answer import Answer, Metadata, Request, answer, paths
from eve_meta.document import parse
from eve_meta.exchange import Post
from eve_meta.reports import MAX_BYTES, REPORTS

VM = {"uuid": "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"}
METADATA = Metadata(parse(VM), bytes(32))
FORM = b"application/x-www-form-urlencoded"
PATHS = {
    "app-custom-status": (b"/eve/v1/app/appCustomStatus", b"application/json"),
    "kubeconfig": (b"/eve/v1/kubeconfig", b"application/json"),
    "phone-home": (b"/phone_home", FORM),
}


def ask(target: bytes, media_type: bytes, body: bytes = b"{}", method: bytes = b"POST") -> Answer:
    return answer(METADATA, Request(method, target, {b"content-type": media_type}, body), 0, bytes)


def test_all_kinds_have_a_path() -> None:
    assert REPORTS.keys() == PATHS.keys()


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\0", b"a" * MAX_BYTES])
def test_taken(kind: str, body: bytes) -> None:
    """Whatever the guest says, as EVE does."""
    target, media_type = PATHS[kind]
    got = ask(target, media_type, body)

    assert (200, b"", Post(kind, body)) == (got.status, got.body, got.post)


@pytest.mark.parametrize("target", [b"/phone_home/", b"//phone_home?i=1"])
@pytest.mark.parametrize("media_type", [FORM, FORM.upper(), FORM + b"; charset=utf-8"])
def test_spellings(target: bytes, media_type: bytes) -> None:
    """A path and a media type may be written in other ways."""
    assert 200 == ask(target, media_type).status


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("media_type", [b"", b"text/plain", b"application/jsonl", b";", b"\xff"])
def test_another_media_type(kind: str, media_type: bytes) -> None:
    got = ask(PATHS[kind][0], media_type)

    assert (415, None) == (got.status, got.post)


@pytest.mark.parametrize("kind", PATHS)
def test_too_long(kind: str) -> None:
    target, media_type = PATHS[kind]
    got = ask(target, media_type, b"a" * (MAX_BYTES + 1))

    assert (413, None) == (got.status, got.post)


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PUT", b"DELETE"])
def test_other_methods(kind: str, method: bytes) -> None:
    """No guest reads a report."""
    got = ask(PATHS[kind][0], b"application/json", method=method)

    assert (405, None) == (got.status, got.post)
    assert (b"Allow", b"POST") in got.headers


def test_without_a_token() -> None:
    """Where tokens are required nothing is reported without."""
    metadata = Metadata(parse(VM | {"service": {"tokens": "required"}}), bytes(32))
    got = answer(metadata, Request(b"POST", b"/phone_home", {b"content-type": FORM}, b"a=b"), 0, bytes)

    assert (401, None) == (got.status, got.post)


@pytest.mark.parametrize(
    "target", [b"/eve/v1/app", b"/eve/v1/app/", b"/phone_home/x", b"/eve/v1/kubeconfig/x"]
)
def test_nothing_else(target: bytes) -> None:
    assert [404, 405] == [
        ask(target, FORM, method=b"GET").status,
        ask(target, FORM).status,
    ]


def test_not_listed() -> None:
    """What cannot be read is no path to read."""
    assert [] == [path for path in paths(METADATA) for target, _ in PATHS.values() if path == target.decode()]
    assert b"hostname\nnetwork.json" == ask(b"/eve/v1", b"", method=b"GET").body
