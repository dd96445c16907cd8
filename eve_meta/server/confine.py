"""Giving up every privilege: afterwards a process can use the descriptors it is handed, and little else.

Note [What a confined server has]

    file system    an empty directory of root's, but for `dev/null`, an empty file that Twisted needs
    identity       another user and group, no supplementary groups, so no capability
    new programs   gain no privilege (`no_new_privs`)
    processes      no other, no thread; but for the fork server, which forks
    files          none can grow; but for the log, where standard error is a file
    core dumps     none: they would hold the guests' secrets
    descriptors    as many as root allowed it; the journal's socket is one of them, where there is a journal

What is to be refused by system call (seccomp) belongs at the end of `confine`, when nothing else needs doing.
"""

import ctypes
import os
import pwd
import resource
import stat
import sys
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from eve_meta.errors import EveMetaError

_PR_SET_NO_NEW_PRIVS = 38  # Source: linux/prctl.h
_DEVICES = "dev"


@frozen
class ConfineError(EveMetaError):
    """Privilege cannot be given up as asked, so nothing may be served."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def confine(root: Path, user: str) -> None:
    """Give up all that `Note [What a confined server has]` does not list, for good.

    Everything that will be needed must have been imported. A failure half-way is no state to go on from.

    Args:
        root: a directory that is empty, or that another server was confined to.
        user: by name; looked up before the file system is gone.

    Raises:
        ConfineError: not root, no such user, or a root that is not empty.
    """
    if os.geteuid() != 0:
        raise ConfineError("only root can become somebody else: run as root, or with --unconfined")
    account = _unprivileged_account(user)
    limit_resources()
    _change_root(root)
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    forbid_new_privileges()


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
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")


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
