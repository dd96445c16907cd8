"""Which system calls a server may make: filters of libseccomp's, by the name of the call and its arguments.

Note [What becomes of a system call]
    allowed    what `SERVING` names, with the arguments that it names; of `FORKING` also what it adds
    death      what `FATAL` names: no library asks for it by itself, so whoever does has taken us over. The
               fork server logs an end by SIGSYS, the kernel's audit log says which call it was
    ENOSYS     all else. A call may be new to us with the next libc or Python, or be a mistake of ours:
               libraries know another way where the kernel has none, and Python raises what a log shows

    A filter is for good, and is inherited. Of two the stricter answer counts: so the fork server, which must
    fork, has one, and each server adds one to it.

Note [Why ctypes]
    libseccomp2 is on every Debian machine: apt and systemd stand on it. Its own binding, python3-seccomp, is
    for the system's Python alone, and what is on PyPI (pyseccomp 0.1.2) is a like wrapper, less looked after.
    Five functions are needed.

Source: seccomp(2), seccomp_rule_add(3), seccomp.h of libseccomp 2.5; numbers: linux/*.h, asm-generic/*.h.
"""

import ctypes
import errno
import fcntl
import os
import socket
import termios
from collections.abc import Iterable
from typing import final

from attrs import frozen

from eve_meta.errors import EveMetaError

LIBRARY = "libseccomp.so.2"

_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_ALLOW = 0x7FFF0000
_OTHERWISE = _ERRNO | errno.ENOSYS

_BAD_ARCHITECTURE, _SET_NO_NEW_PRIVS, _OPTIMIZE = 2, 3, 8
_BINARY_TREE = 2
_ATTRIBUTES = ((_BAD_ARCHITECTURE, _KILL_PROCESS), (_SET_NO_NEW_PRIVS, 0), (_OPTIMIZE, _BINARY_TREE))

_MASKED_EQUAL = 7
_INT = 0xFFFFFFFF
_POINTER = 0xFFFFFFFFFFFFFFFF
_UNKNOWN_CALL = -1


@frozen
class SeccompError(EveMetaError):
    """System calls cannot be filtered here, so nothing may be served."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen
class Argument:
    """What an argument must be, where a mask looks: at the low 32 bits, since an `int` has no more.

    Attributes:
        index: which argument, from 0.
        value: what it is to be.
        mask: the bits that count.
    """

    index: int
    value: int
    mask: int = _INT


@frozen
class Call:
    """A system call, or one with certain arguments."""

    name: str
    arguments: tuple[Argument, ...] = ()


def _calls(names: str) -> tuple[Call, ...]:
    return tuple(Call(name) for name in names.split())


def _one_of(name: str, index: int, values: Iterable[int]) -> tuple[Call, ...]:
    return tuple(Call(name, (Argument(index, value),)) for value in values)


def _null(name: str, index: int) -> Call:
    """A call with no pointer at a place: all 64 bits are looked at."""
    return Call(name, (Argument(index, 0, mask=_POINTER),))


def _option(name: str, level: int, *options: int) -> tuple[Call, ...]:
    return tuple(Call(name, (Argument(1, level), Argument(2, option))) for option in options)


_PROT_EXEC = 4
_MEMORY = (
    *_calls("brk munmap mremap madvise"),
    Call("mmap", (Argument(2, 0, mask=_PROT_EXEC),)),
    Call("mprotect", (Argument(2, 0, mask=_PROT_EXEC),)),
)
_OURSELVES = (
    *_calls("getpid getppid gettid getuid geteuid getgid getegid getrusage uname sysinfo getcpu"),
    *_calls("futex rseq set_robust_list sched_yield sched_getaffinity restart_syscall exit exit_group"),
    *_calls("rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack getrandom"),
    *_calls("clock_gettime clock_getres clock_nanosleep gettimeofday nanosleep time"),
    _null("prlimit64", 2),
)
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Twisted opens /dev/null; the interpreter looks for sources and modules, and must hear that there are none.
_FILES = (
    *_calls("fstat newfstatat stat lstat statx lseek readlink readlinkat getcwd getdents64"),
    Call("openat", (Argument(2, 0, mask=_TO_WRITE),)),
)
_DESCRIPTORS = (
    *_calls("read readv pread64 write writev close dup pipe2 eventfd2"),
    *_calls("epoll_create1 epoll_ctl epoll_wait epoll_pwait poll ppoll"),
    *_one_of("fcntl", 1, (fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL)),
    *_one_of("ioctl", 1, (termios.FIONBIO, termios.FIOCLEX, termios.FIONCLEX, termios.TCGETS)),
)
_TCP_DEFER_ACCEPT, _TCP_NOTSENT_LOWAT = 9, 25
# None is made, bound or connected. What `sendto` sends goes where the socket is connected to: from the
# journal's socket any abstract Unix address would be within reach otherwise, without any file.
_SOCKETS = (
    *_calls("accept accept4 getsockname getpeername listen shutdown recvfrom recvmsg"),
    _null("sendto", 4),
    *_calls("getsockopt"),
    *_option("setsockopt", socket.IPPROTO_IP, socket.IP_TTL),
    *_option("setsockopt", socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
    *_option(
        "setsockopt",
        socket.SOL_SOCKET,
        socket.SO_KEEPALIVE,
        socket.SO_LINGER,
        socket.SO_RCVBUF,
        socket.SO_SNDBUF,
    ),
    *_option(
        "setsockopt",
        socket.IPPROTO_TCP,
        socket.TCP_CORK,
        socket.TCP_KEEPCNT,
        socket.TCP_KEEPIDLE,
        socket.TCP_KEEPINTVL,
        socket.TCP_LINGER2,
        socket.TCP_NODELAY,
        socket.TCP_QUICKACK,
        socket.TCP_USER_TIMEOUT,
        _TCP_DEFER_ACCEPT,
        _TCP_NOTSENT_LOWAT,
    ),
)

SERVING = (*_MEMORY, *_OURSELVES, *_FILES, *_DESCRIPTORS, *_SOCKETS)
"""What a server does."""

_CLONE_CHILD_CLEARTID, _CLONE_CHILD_SETTID, _EXIT_SIGNAL = 0x00200000, 0x01000000, 0xFF
_NOT_A_FORK = _INT & ~(_CLONE_CHILD_CLEARTID | _CLONE_CHILD_SETTID | _EXIT_SIGNAL)

FORKING = (
    *SERVING,
    # As glibc forks: no thread, no namespace. `clone3` cannot be looked into.
    Call("clone", (Argument(0, 0, mask=_NOT_A_FORK),)),
    *_calls("wait4 pidfd_open sendmsg seccomp"),
    Call("prlimit64", (Argument(0, 0),)),
)
"""What the fork server does, and a fork of it before it is a server."""

FATAL = _calls(
    "execve execveat ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd pidfd_send_signal"
    " kcmp mount umount2 pivot_root chroot fsopen fspick fsmount move_mount open_tree mount_setattr"
    " open_by_handle_at name_to_handle_at unshare setns"
    " setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset personality"
    " bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register"
    " keyctl add_key request_key init_module finit_module delete_module kexec_load kexec_file_load"
    " reboot swapon swapoff acct quotactl syslog iopl ioperm modify_ldt"
)
"""What only somebody asks for who has taken us over."""


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


@final
class Filter:
    """A filter that was made and is to be loaded: once, or once in each fork."""

    def __init__(self, allowed: Iterable[Call]) -> None:
        """Make one, while files can still be read.

        Raises:
            SeccompError: the library is not there, or refuses.
        """
        self._library = _library()
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(_OTHERWISE)))
        if not self._context:
            raise SeccompError("system calls cannot be filtered")
        for attribute, value in _ATTRIBUTES:
            self._do("seccomp_attr_set", attribute, ctypes.c_uint32(value))
        for call in FATAL:
            self._add(_KILL_PROCESS, call)
        for call in allowed:
            self._add(_ALLOW, call)

    def load(self) -> None:
        """Have the kernel apply it to this process and all that it forks, for good.

        Raises:
            SeccompError: the kernel does not; it takes `no_new_privs`.
        """
        self._do("seccomp_load")

    def _add(self, action: int, call: Call) -> None:
        number = self._library.seccomp_syscall_resolve_name(call.name.encode())
        if number == _UNKNOWN_CALL:
            # Newer than the library.
            return
        comparisons = (_Comparison * len(call.arguments))(*map(_comparison, call.arguments))
        self._do("seccomp_rule_add_array", ctypes.c_uint32(action), number, len(comparisons), comparisons)

    def _do(self, function: str, *arguments: object) -> None:
        code = getattr(self._library, function)(self._context, *arguments)
        if code < 0:
            raise SeccompError(f"system calls cannot be filtered: {function}: {os.strerror(-code)}")


def _comparison(argument: Argument) -> _Comparison:
    return _Comparison(argument.index, _MASKED_EQUAL, argument.mask, argument.value)


def check() -> None:
    """See that the library is there.

    Raises:
        SeccompError: it is not.
    """
    _library()


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        raise SeccompError(f"{LIBRARY} is not there: install the package libseccomp2") from None
    library.seccomp_init.restype = ctypes.c_void_p
    return library
