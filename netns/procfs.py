"""A /proc of one's own, for a moment.

The kernel keeps names in rows by directory and hash, and equal names of all namespaces stand in one row: so
`/proc/sys/net/ipv4` is sought among as many as there are namespaces, 1 to 2 ms with 1000 of them, three times
in each attach. A new mount begins with no names; it is ready in 0.1 ms and gone in 0.4.
Source: proc_sys_compare() in fs/proc/proc_sysctl.c, Linux 6.18; fsopen(2), fsconfig(2), fsmount(2).
"""

import contextlib
import ctypes
import os
from collections.abc import Iterator

_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432  # Source: asm-generic/unistd.h; there since Linux 5.2
_FSOPEN_CLOEXEC = 1
_FSCONFIG_CMD_CREATE = 6
_FSMOUNT_CLOEXEC = 1
_MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV, _MOUNT_ATTR_NOEXEC = 2, 4, 8
_PLAIN = _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV | _MOUNT_ATTR_NOEXEC

_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def opened(path: str) -> Iterator[int]:
    """A directory of it, such as "sys/net", to be used by the calling thread, whose namespace it shows.

    Where the host lets nobody mount one, its own does: only more slowly.

    Raises:
        OSError: there is no such directory.
    """
    with contextlib.ExitStack() as stack:
        try:
            root = stack.enter_context(_closing(_mounted()))
        except OSError:
            root = stack.enter_context(_closing(_directory("/proc")))
        yield stack.enter_context(_closing(_directory(path, root)))


def _mounted() -> int:
    with _closing(_call(_FSOPEN, b"proc", _FSOPEN_CLOEXEC)) as context:
        _call(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        return _call(_FSMOUNT, context, _FSMOUNT_CLOEXEC, _PLAIN)


def _directory(path: str, within: int | None = None) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=within)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
