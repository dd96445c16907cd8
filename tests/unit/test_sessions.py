"""Sessions, by the answers that a guest gets."""

from uuid import UUID

import pytest
from attrs import evolve

from eve_meta.answer import Answer, Metadata, Request, answer
from eve_meta.vm import VM, Endpoint, HopLimit, Service, Tokens

KEY = bytes(range(32))
NOW = 1_800_000_000.0
TTL = b"x-aws-ec2-metadata-token-ttl-seconds"
TOKEN = b"x-aws-ec2-metadata-token"
FORWARDED = {b"x-forwarded-for": b"10.0.0.9"}

FREE = Metadata(VM(uuid=UUID(int=1)), KEY)
STRICT = Metadata(VM(uuid=UUID(int=1), service=Service(Tokens.REQUIRED, HopLimit(3))), KEY)
OTHER = Metadata(VM(uuid=UUID(int=2)), bytes(32))


def ask(
    metadata: Metadata, method: bytes, target: bytes, headers: dict[bytes, bytes] | None = None
) -> Answer:
    return answer(metadata, Request(method, target, headers or {}), NOW, bytes)


def get(metadata: Metadata, headers: dict[bytes, bytes] | None = None) -> int:
    return ask(metadata, b"GET", b"/latest/meta-data/instance-id", headers).status


def token(metadata: Metadata, ttl: bytes = b"60") -> bytes:
    return ask(metadata, b"PUT", b"/latest/api/token", {TTL: ttl}).body


@pytest.mark.parametrize("target", [b"/latest/api/token", b"/latest/api/token/", b"//latest//api/token?x"])
def test_issued(target: bytes) -> None:
    """A PUT with a TTL is answered with a token that says its TTL."""
    got = ask(FREE, b"PUT", target, {TTL: b"21600"})

    assert 200 == got.status
    assert (b"X-Aws-Ec2-Metadata-Token-Ttl-Seconds", b"21600") in got.headers
    assert 200 == get(FREE, {TOKEN: got.body})


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/ec2/latest/api/token", 200),
        (b"/ec2/2021-01-03/api/token", 403),
        (b"/nonsense/api/token", 405),
        (b"/openstack/api/token", 405),
        (b"/ec2/api/token", 405),
    ],
)
def test_token_paths(target: bytes, status: int) -> None:
    """Tokens are issued on both ways to the EC2 tree, and nothing is at a version that is none."""
    assert status == ask(FREE, b"PUT", target, {TTL: b"60"}).status


def test_second_spelling() -> None:
    """Both headers may be spelled without the name of a vendor."""
    got = ask(FREE, b"PUT", b"/latest/api/token", {b"x-metadata-token-ttl-seconds": b" 1 "})

    assert (b"X-Metadata-Token-Ttl-Seconds", b"1") in got.headers
    assert 200 == get(STRICT, {b"x-metadata-token": got.body})


def test_hop_limit() -> None:
    """The answer that carries a token goes so many hops as the document says."""
    assert 3 == ask(STRICT, b"PUT", b"/latest/api/token", {TTL: b"60"}).hop_limit


def test_no_hop_limit_elsewhere() -> None:
    """Other answers go as far as they can."""
    assert ask(FREE, b"GET", b"/").hop_limit is None


@pytest.mark.parametrize("ttl", [b"0", b"21601", b"", b"-1", b"+5", b"1.5", b"x", b"9" * 5000, b"\xb2"])
def test_wrong_ttl(ttl: bytes) -> None:
    """A TTL that is no number from 1 to 21600 is refused."""
    assert 400 == ask(FREE, b"PUT", b"/latest/api/token", {TTL: ttl}).status


def test_no_ttl() -> None:
    """A PUT without a TTL is refused."""
    assert 400 == ask(FREE, b"PUT", b"/latest/api/token").status


def test_forwarded_put() -> None:
    """A proxy gets no token, and no reason."""
    got = ask(FREE, b"PUT", b"/latest/api/token", {TTL: b"60", **FORWARDED})

    assert (403, b"") == (got.status, got.body)


def test_versioned_put() -> None:
    """Tokens are issued by the latest version alone."""
    assert 403 == ask(FREE, b"PUT", b"/2021-01-03/api/token", {TTL: b"60"}).status


def test_versioned_get() -> None:
    """There is nothing to read where other versions would issue tokens."""
    assert 404 == ask(FREE, b"GET", b"/2021-01-03/api/token").status


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"DELETE"])
def test_only_put(method: bytes) -> None:
    """A token is got by PUT; other methods are told so."""
    got = ask(STRICT, method, b"/latest/api/token")

    assert 405 == got.status
    assert (b"Allow", b"OPTIONS, PUT") in got.headers


def test_options() -> None:
    """The methods can be asked for."""
    got = ask(FREE, b"OPTIONS", b"/latest/api/token")

    assert (200, b"") == (got.status, got.body)
    assert (b"Allow", b"OPTIONS, PUT") in got.headers


def test_without_token() -> None:
    """A request without a token is answered where none is needed."""
    assert 200 == get(FREE)


@pytest.mark.parametrize(
    "path",
    [b"/", b"/openstack", b"/openstack/latest/user_data", b"/nocloud/user-data", b"/eve/v1", b"/latest/x"],
)
def test_token_required(path: bytes) -> None:
    """Where tokens are required, nothing is told without one, in no format."""
    assert 401 == ask(STRICT, b"GET", path).status


def test_token_of_another_vm() -> None:
    """A token of one VM is no good to another."""
    assert 401 == get(FREE, {TOKEN: token(OTHER)})


@pytest.mark.parametrize("value", [b"", b"x", b"\xff" * 54])
def test_bad_token(value: bytes) -> None:
    """A bad token is refused even where none is needed: the client then gets a new one."""
    assert 401 == get(FREE, {TOKEN: value})


def test_expired_token() -> None:
    """An expired token is refused."""
    request = Request(b"GET", b"/", {TOKEN: token(FREE, b"60")})

    assert 401 == answer(FREE, request, NOW + 61, bytes).status


def test_forwarded_token() -> None:
    """A token that came through a proxy is refused."""
    assert 403 == get(FREE, {TOKEN: token(FREE), **FORWARDED})


def test_forwarded_without_token() -> None:
    """A proxy's request without a token is one of version 1, where that is allowed."""
    assert 200 == get(FREE, FORWARDED)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"GET", b"/"),
        (b"GET", b"/openstack"),
        (b"PUT", b"/latest/api/token"),
        (b"POST", b"/x"),
        (b"GET", b"/%ff"),
    ],
)
def test_disabled(method: bytes, target: bytes) -> None:
    """Where the endpoint is disabled nothing is told, with a good token neither."""
    closed = Metadata(evolve(FREE.vm, service=Service(endpoint=Endpoint.DISABLED)), KEY)
    got = ask(closed, method, target, {TTL: b"60", TOKEN: token(FREE)})

    assert (403, b"") == (got.status, got.body)
