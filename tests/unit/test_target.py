"""Paths in request-targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.target import MalformedTargetError, names_in


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (b"/", ()),
        (b"/latest/meta-data", ("latest", "meta-data")),
        (b"/latest/meta-data/", ("latest", "meta-data")),
        (b"//latest//meta-data", ("latest", "meta-data")),
        (b"//openstack", ("openstack",)),
        (b"/latest/./meta-data/../user-data", ("latest", "user-data")),
        (b"/../../etc/passwd", ("etc", "passwd")),
        (b"/latest/..", ()),
        (b"/latest?a=/b", ("latest",)),
        (b"/latest%2Fuser%2ddata", ("latest", "user-data")),
        (b"/fa%3A16%3a3e", ("fa:16:3e",)),
        (b"/a%252Fb", ("a%2Fb",)),
        (b"/a%2e%2e/%2E%2E/b", ("b",)),
        (b"/a%3Fb", ("a?b",)),
        (b"/a%zz", ("a%zz",)),
        (b"/a%00b", ("a\0b",)),
        (b"/%C3%A9", ("é",)),
        (b"http://169.254.169.254/openstack", ("openstack",)),
        (b"HTTP://[fe80::a9fe:a9fe%25eth0]:80/openstack?x", ("openstack",)),
        (b"http://169.254.169.254", ()),
        (b"http://169.254.169.254?a/b", ()),
    ],
)
def test_names(target: bytes, names: tuple[str, ...]) -> None:
    """Targets are decoded once, then normalised; queries and authorities are ignored."""
    assert names == names_in(target)


@pytest.mark.parametrize(
    "target", [b"", b"*", b"latest", b"ftp://a/b", b"169.254.169.254:80", b"/%ff", b"/\xff"]
)
def test_malformed(target: bytes) -> None:
    """What names no path in UTF-8 is refused."""
    with pytest.raises(MalformedTargetError):
        names_in(target)


@given(st.binary())
def test_any_path(path: bytes) -> None:
    """Nothing but a name comes out of a path."""
    try:
        names = names_in(b"/" + path)
    except MalformedTargetError:
        return

    assert not {"", ".", ".."} & set(names)
    assert not any("/" in name for name in names)
