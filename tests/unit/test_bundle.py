"""Many descriptors as one."""

import os
import resource
from collections.abc import Iterator

import pytest

from eve_meta.bundle import MAX_DESCRIPTORS, bundled, unbundled


@pytest.fixture
def file() -> Iterator[int]:
    """The descriptor of a file."""
    descriptor = os.memfd_create("test")
    yield descriptor
    os.close(descriptor)


def opened() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, not files


def test_handed_over(file: int) -> None:
    before = opened()
    with bundled([file] * MAX_DESCRIPTORS) as bundle:
        found = unbundled(os.dup(bundle))

    assert MAX_DESCRIPTORS == len(found)
    assert all(os.path.sameopenfile(file, each) for each in found)
    for each in found:
        os.close(each)
    assert before == opened()


def test_too_many(file: int) -> None:
    before = opened()
    with pytest.raises(OSError, match="Invalid argument"), bundled([file] * (MAX_DESCRIPTORS + 1)):
        pass
    assert before == opened()


def test_no_room(file: int) -> None:
    """What does not fit in is not there, and goes with the bundle."""
    before = opened()
    with bundled([file] * 8) as bundle:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        theirs = os.dup(bundle)
        free = [os.dup(file) for _ in range(3)]
        for each in free:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(free) + 1, limits[1]))
        try:
            found = unbundled(theirs)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert 0 < len(found) < 8
    for each in found:
        os.close(each)
    assert before == opened()


def test_empty() -> None:
    """Its reader does not wait, nor whoever reads one for a second time."""
    with bundled([]) as bundle:
        assert [[], []] == [unbundled(os.dup(bundle)) for _ in range(2)]


def test_no_bundle(file: int) -> None:
    theirs = os.dup(file)
    with pytest.raises(OSError, match="Socket operation on non-socket"):
        unbundled(theirs)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(theirs)
