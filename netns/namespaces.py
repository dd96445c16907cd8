"""Named network namespaces, as `ip netns` keeps them: made, entered, listed, removed.

Entering is done on a thread of its own that ends with the work: a namespace belongs to a thread, so a
thread that is never lent out can not leak one. 100 µs, where a process would take 4 to 30 ms.
Source: ip-netns(8), setns(2), unshare(2).
"""

import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from netns.wiring import Presence

T = TypeVar("T")

DIRECTORY = Path("/run/netns")

_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_SHARED = 0x100000
_MNT_DETACH = 2
_SIOCGSKNS = 0x894C  # Source: linux/sockios.h
_IN_MOVED_FROM, _IN_DELETE, _IN_Q_OVERFLOW = 0x40, 0x200, 0x4000
_INOTIFY_EVENT = struct.Struct("=iIII")
_INOTIFY_BYTES = 1 << 16
_libc = ctypes.CDLL(None, use_errno=True)


def create(name: str, prepare: Callable[[], None]) -> None:
    """Make a namespace, prepare it from inside, then give it its name.

    Under its name it is therefore never seen unprepared.

    Raises:
        FileExistsError: there is one of this name.
        OSError: the kernel refused.
    """
    if presence(name) is Presence.PRESENT:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
    _share_directory()
    path = DIRECTORY / name
    path.touch(mode=0o444)

    def make() -> None:
        _call("unshare", _CLONE_NEWNET)
        prepare()
        _call("mount", b"/proc/thread-self/ns/net", os.fsencode(path), b"none", _MS_BIND, None)

    _on_own_thread(make)


def remove(name: str) -> None:
    """Take a namespace's name away; the kernel frees it when nothing is left inside."""
    path = DIRECTORY / name
    while True:
        try:
            _call("umount2", os.fsencode(path), _MNT_DETACH)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise
            break
    path.unlink(missing_ok=True)


def enter(name: str, work: Callable[[], T]) -> T:
    """What `work` returns when it runs inside a namespace.

    Raises:
        FileNotFoundError: there is no such namespace.
        OSError: the kernel refused.
    """
    with opened(name) as descriptor:
        return enter_opened(descriptor, work)


def enter_opened(descriptor: int, work: Callable[[], T]) -> T:
    """The same inside a namespace that is given by its descriptor."""

    def inside() -> T:
        _call("setns", descriptor, _CLONE_NEWNET)
        return work()

    return _on_own_thread(inside)


def enter_each(names: Iterable[str], work: Callable[[], T]) -> dict[str, T]:
    """What `work` returns in each of many namespaces, without those that it cannot be done in.

    All in one thread: starting and ending one takes longer than most work.
    """

    def inside() -> dict[str, T]:
        done = {}
        for name in names:
            with contextlib.suppress(OSError), opened(name) as descriptor:
                _call("setns", descriptor, _CLONE_NEWNET)
                done[name] = work()
        return done

    return _on_own_thread(inside)


def scratch(work: Callable[[], T]) -> T:
    """What `work` returns when it runs inside a new namespace, which has no name and goes with it.

    Raises:
        OSError: the kernel refused.
    """

    def inside() -> T:
        _call("unshare", _CLONE_NEWNET)
        return work()

    return _on_own_thread(inside)


@contextlib.contextmanager
def unnamed(prepare: Callable[[], None]) -> Iterator[int]:
    """The descriptor of a new namespace that has no name, prepared from inside.

    It goes when nothing of this process is left in it, however that ends.

    Raises:
        OSError: the kernel refused.
    """

    def made() -> int:
        prepare()
        return own()

    descriptor = scratch(made)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def own() -> int:
    """A descriptor of the namespace that the calling thread is in, which the caller closes."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextlib.contextmanager
def opened(name: str) -> Iterator[int]:
    """A namespace's descriptor, closed afterwards."""
    descriptor = os.open(DIRECTORY / name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def presence(name: str) -> Presence:
    """What stands under a name."""
    try:
        device = (DIRECTORY / name).stat().st_dev
    except FileNotFoundError:
        return Presence.ABSENT
    return Presence.PRESENT if device == _namespaces_device() else Presence.BROKEN


@functools.cache
def _namespaces_device() -> int:
    """The file system that all namespaces stand in."""
    return Path("/proc/self/ns/net").stat().st_dev


def holds(name: str, a_socket: socket.socket) -> bool:
    """Whether a socket was made in the namespace that has a name by now."""
    descriptor = fcntl.ioctl(a_socket, _SIOCGSKNS)
    try:
        return os.path.samestat(os.fstat(descriptor), (DIRECTORY / name).stat())
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)


def names(prefix: str) -> tuple[str, ...]:
    """The names that begin with a prefix, sorted; broken ones too."""
    with contextlib.suppress(FileNotFoundError):
        return tuple(
            sorted(name for name in (path.name for path in DIRECTORY.iterdir()) if name.startswith(prefix))
        )
    return ()


class Departures:
    """Tells of names that are taken away: no netlink message does. Source: inotify(7)."""

    def __init__(self) -> None:
        DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._inotify = _call("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)
        _call("inotify_add_watch", self._inotify, os.fsencode(DIRECTORY), _IN_DELETE | _IN_MOVED_FROM)

    def fileno(self) -> int:
        """What is readable when there is something to read."""
        return self._inotify

    def read(self) -> tuple[frozenset[str], bool]:
        """The names so far, and whether they are all; never blocks."""
        found: set[str] = set()
        is_complete = True
        with contextlib.suppress(BlockingIOError):
            while True:
                events = memoryview(os.read(self._inotify, _INOTIFY_BYTES))
                while events:
                    _, mask, _, length = _INOTIFY_EVENT.unpack_from(events)
                    name = bytes(events[_INOTIFY_EVENT.size : _INOTIFY_EVENT.size + length])
                    found.add(os.fsdecode(name.rstrip(b"\0")))
                    is_complete = is_complete and not mask & _IN_Q_OVERFLOW
                    events = events[_INOTIFY_EVENT.size + length :]
        return frozenset(found), is_complete

    def close(self) -> None:
        """End the watch."""
        os.close(self._inotify)


def _share_directory() -> None:
    """Make the directory of names a shared mount, as `ip netns add` does.

    Other mount namespaces then see a name go.
    """
    DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
    path = os.fsencode(DIRECTORY)
    try:
        _call("mount", b"", path, b"none", _MS_SHARED | _MS_REC, None)
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: it is no mount point yet
            raise
        _call("mount", path, path, b"none", _MS_BIND | _MS_REC, None)
        _call("mount", b"", path, b"none", _MS_SHARED | _MS_REC, None)


def _on_own_thread(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="netns") as thread:
        return thread.submit(work).result()


def _call(function: str, *arguments: object) -> int:
    result: int = getattr(_libc, function)(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")
    return result
