"""Requests and their answers, beside sessions."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.answer import Metadata, Request, answer, paths
from eve_meta.vm import VM

NOW = 1_800_000_000.0
METADATA = Metadata(VM(uuid=UUID(int=1), user_data=b"\x1f\x8b\0"), bytes(32))


def status(method: bytes, target: bytes) -> int:
    return answer(METADATA, Request(method, target, {}), NOW, bytes).status


def test_user_data() -> None:
    """User data comes as it was given, labelled as bytes."""
    got = answer(METADATA, Request(b"GET", b"/latest/user-data/", {}), NOW, bytes)

    assert b"\x1f\x8b\0" == got.body
    assert (b"Content-Type", b"application/octet-stream") == got.headers[0]


def test_head() -> None:
    """HEAD has the answer of GET, for the transport to measure."""
    got, head = (answer(METADATA, Request(method, b"/", {}), NOW, bytes) for method in (b"GET", b"HEAD"))

    assert got == head


def test_entropy() -> None:
    """Each reading of a seed asks for entropy."""
    drawn: list[int] = []

    def entropy(count: int) -> bytes:
        drawn.append(count)
        return bytes(count)

    for _ in range(2):
        answer(METADATA, Request(b"GET", b"/openstack/latest/meta_data.json", {}), NOW, entropy)

    assert [512, 512] == drawn


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"BREW", b""])
def test_methods(method: bytes) -> None:
    """Metadata is read only, and says so."""
    got = answer(METADATA, Request(method, b"/openstack/latest/user_data", {}), NOW, bytes)

    assert 405 == got.status
    assert (b"Allow", b"GET, HEAD") in got.headers


@pytest.mark.parametrize(
    "target",
    [
        b"/latest/meta-data/hostname/foo",
        b"/latest/meta-data/security-groups/default",
        b"/latest/meta-data/iam/security-credentials/",
        b"/latest/meta-data/public-keys",
        b"/2099-01-01",
        b"/openstack/content",
        b"/openstack/latest/content/0000",
        b"/openstack/latest/meta_data.json/x",
        b"/openstack/latest/version",
        b"/openstack/2011-01-01",
        b"/ec2/openstack",
        b"/ec2/ec2",
        b"/ec2/nocloud",
        b"/nocloud/latest/meta-data",
        b"/eve/v1/location.json",
        b"/computeMetadata/v1",
        b"/a%00b",
    ],
)
def test_unknown(target: bytes) -> None:
    """What is not there is not found."""
    assert 404 == status(b"GET", target)


def test_second_way_to_ec2() -> None:
    """The EC2 tree is found under its name, too."""
    assert 200 == status(b"GET", b"/ec2/2009-04-04/meta-data/")


def test_malformed() -> None:
    """What names no path is a bad request."""
    assert 400 == status(b"GET", b"*")


def test_too_long() -> None:
    """A target of more than 2 KiB is refused."""
    assert 414 == status(b"GET", b"/" + b"a" * 2048)


def test_paths() -> None:
    """Every path that `paths` names is answered."""
    assert {200} == {status(b"GET", path.encode()) for path in paths(METADATA)}


@given(
    st.binary() | st.sampled_from([b"GET", b"HEAD", b"PUT"]),
    st.binary(max_size=100).map(b"/".__add__) | st.binary(max_size=3000) | st.just(b"/latest/api/token"),
    st.dictionaries(
        st.sampled_from(
            [b"x-aws-ec2-metadata-token", b"x-aws-ec2-metadata-token-ttl-seconds", b"x-forwarded-for"]
        ),
        st.binary(),
    ),
)
def test_any_request(method: bytes, target: bytes, headers: dict[bytes, bytes]) -> None:
    """Whatever a guest sends, it gets an answer."""
    got = answer(METADATA, Request(method, target, headers), NOW, bytes)

    assert got.status in {200, 304, 400, 401, 403, 404, 405, 414}
