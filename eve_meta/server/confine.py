"""Giving up every privilege: afterwards a process can use the descriptors it is handed, and little else.

Note [What a confined server has]

    file system    an empty directory of root's, but for `dev/null`, an empty file that Twisted needs
    identity       another user and group, no supplementary groups
    capabilities   none, and none to be had: the bounding set is empty too
    new programs   gain no privilege (`no_new_privs`), and cannot be executed
    processes      no other, no thread; but for the fork server, which forks
    its memory     is read by root alone: another process of the same user can neither trace it nor open it
    files          none can grow; but for the log, where standard error is a file
    core dumps     none: they would hold the guests' secrets
    descriptors    as many as root allowed it; the journal's socket is one of them, where there is a journal
    system calls   those that it needs: see `eve_meta/server/seccomp.py`
    memory         as much as there is: what it needs grows with the documents, and where it is to be bounded
                   a control group does that for all of us

Landlock would add nothing: there is no file to open, no socket to make, none that can be bound or connected.
"""

import ctypes
import errno
import os
import pwd
import resource
import stat
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

from attrs import frozen

from eve_meta.errors import EveMetaError

# Source: linux/prctl.h, linux/capability.h.
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_CAPABILITIES_WORDS = 6
_DEVICES = "dev"


@frozen
class ConfineError(EveMetaError):
    """Privilege cannot be given up as asked, so nothing may be served."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def confine(root: Path, user: str) -> None:
    """Give up all that `Note [What a confined server has]` does not list, for good; but for system calls.

    Everything that will be needed must have been imported. A failure half-way is no state to go on from.

    Args:
        root: a directory that is empty, or that another server was confined to.
        user: by name; looked up before the file system is gone.

    Raises:
        ConfineError: not root, no such user, a root that is not empty, or no right to empty the bounding set.
    """
    if os.geteuid() != 0:
        raise ConfineError("only root can become somebody else: run as root, or with --unconfined")
    account = _unprivileged_account(user)
    limit_resources()
    _change_root(root)
    _empty_bounding_set()
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    _drop_capabilities()
    forbid_new_privileges()
    _prctl(_PR_SET_DUMPABLE, 0)


def limit_resources() -> None:
    """Allow as many descriptors as may be, and nothing that a server does not need; anyone may do this."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def forbid_processes() -> None:
    """Let this process make no other, and no thread; anyone may do this."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def forbid_new_privileges() -> None:
    """Let no program that this process may come to execute gain anything by it; anyone may do this."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _empty_bounding_set() -> None:
    """No capability can come back, from whatever program; takes `CAP_SETPCAP`."""
    for capability in count():
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except PermissionError:
            raise ConfineError("the agent may not drop capabilities: it needs CAP_SETPCAP") from None
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # Past the last that this kernel knows.
            return


def _drop_capabilities() -> None:
    """Another user has none by that, unless secure bits say otherwise; what is inheritable stays."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * _CAPABILITIES_WORDS)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = map(ctypes.c_ulong, (value, 0, 0, 0))
    if libc.prctl(option, *arguments) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _unprivileged_account(user: str) -> pwd.struct_passwd:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise ConfineError(f"there is no user {user}") from None
    if account.pw_uid == 0 or account.pw_gid == 0:
        raise ConfineError(f"{user} is root, or in root's group: name another user")
    return account


def _change_root(root: Path) -> None:
    """Enter the directory that was looked at, whatever its path leads to by then."""
    directory = os.open(root, os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not {_DEVICES}.issuperset(os.listdir(directory)):  # noqa: PTH208 - a path may lead elsewhere by now
            raise ConfineError(f"{root} is not empty")
        _furnish(directory)
        os.fchdir(directory)
        os.chroot(".")
    finally:
        os.close(directory)


def _furnish(directory: int) -> None:
    """Put in place what Twisted opens to hold a descriptor back for the day that it has no other left."""
    os.umask(0o022)
    os.fchmod(directory, 0o755)
    with suppress(FileExistsError):
        os.mkdir(_DEVICES, 0o755, dir_fd=directory)
    os.close(os.open(f"{_DEVICES}/null", os.O_CREAT | os.O_RDONLY, 0o444, dir_fd=directory))
