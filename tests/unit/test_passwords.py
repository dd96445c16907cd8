"""The password, by the answers that a guest gets."""

from uuid import UUID

import pytest
from attrs import evolve

from eve_meta.answer import Answer, Metadata, Request, answer
from eve_meta.exchange import Post
from eve_meta.passwords import PASSWORD
from eve_meta.vm import VM, Service, Tokens

NEW = Metadata(VM(uuid=UUID(int=1)), bytes(32))
SET = evolve(NEW, password="b2xk")
STRICT = evolve(NEW, vm=evolve(NEW.vm, service=Service(Tokens.REQUIRED)))


def ask(
    metadata: Metadata, method: bytes, body: bytes = b"", target: bytes = b"/openstack/2013-04-04/password"
) -> Answer:
    return answer(metadata, Request(method, target, {}, body), 0, bytes)


def test_not_set() -> None:
    """Where none is set there is an empty file: cloudbase-init asks before it sets one."""
    assert (200, b"") == (ask(NEW, b"GET").status, ask(NEW, b"GET").body)


def test_read() -> None:
    """The guest reads what it has set, as text."""
    got = ask(SET, b"GET")

    assert (200, b"b2xk") == (got.status, got.body)
    assert (b"Content-Type", b"text/plain; charset=UTF-8") == got.headers[0]
    assert got == ask(SET, b"HEAD")


@pytest.mark.parametrize("body", [b"a", b"a" * 1020, "pässwörd\n".encode(), b"\0"])
def test_set(body: bytes) -> None:
    """The answer has no body, and what is to be kept before it is sent."""
    got = ask(NEW, b"POST", body)

    assert (200, b"", Post(PASSWORD, body)) == (got.status, got.body, got.post)


def test_empty() -> None:
    """An empty one is none, as in nova."""
    assert (200, None) == (ask(NEW, b"POST").status, ask(NEW, b"POST").post)


@pytest.mark.parametrize("body", [b"new", b"", b"a" * 1021])
def test_set_twice(body: bytes) -> None:
    """One that is set stays, whatever comes."""
    assert (409, None) == (ask(SET, b"POST", body).status, ask(SET, b"POST", body).post)


@pytest.mark.parametrize("body", [b"a" * 1021, "é".encode() * 511, b"\xff"])
def test_refused(body: bytes) -> None:
    """One that is too long, in bytes, or no text is not kept."""
    assert (400, None) == (ask(NEW, b"POST", body).status, ask(NEW, b"POST", body).post)


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b""])
def test_other_methods(method: bytes) -> None:
    """It is read and set, nothing else."""
    got = ask(NEW, method, b"a")

    assert (405, None) == (got.status, got.post)
    assert (b"Allow", b"GET, HEAD, POST") in got.headers


@pytest.mark.parametrize("target", [b"/openstack/latest/password/", b"//openstack/2025-04-04/./password?x"])
def test_same_everywhere(target: bytes) -> None:
    """It is one password, in all versions that have it."""
    assert b"b2xk" == ask(SET, b"GET", target=target).body
    assert 409 == ask(SET, b"POST", b"a", target).status


@pytest.mark.parametrize(
    "target", [b"/openstack/2012-08-10/password", b"/openstack/latest/password/x", b"/latest/password"]
)
def test_elsewhere(target: bytes) -> None:
    """Where there is no password none is set."""
    assert (404, 405) == (ask(SET, b"GET", target=target).status, ask(NEW, b"POST", b"a", target).status)


def test_session() -> None:
    """Where tokens are required, one is required here."""
    assert {401} == {ask(STRICT, method, b"a").status for method in (b"GET", b"POST")}


def test_secret() -> None:
    """It is in no log."""
    assert "b2xk" not in repr(SET)
    assert "a secret" not in repr(ask(NEW, b"POST", b"a secret"))
