"""A program that is confined as a server is, then tries what somebody would try who has taken it over.

Prints a JSON object: for each attempt the name of the error, the signal that ended it, or what came of it.
"""

import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from eve_meta.server.confine import confine, forbid_processes
from eve_meta.server.seccomp import FATAL, FORKING, LIBRARY, SERVING, Call, Filter

ABSTRACT = "\0eve-meta-inside"
PTRACE_SEIZE = 0x4206
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_DUMPABLE = 4
TCP_ULP = 31
F_SETOWN = 8
X32 = 0x40000000
CALLS = 512
"""More than any kernel has by number. Source: syscall_64.tbl, asm-generic/unistd.h."""

Attempt = Callable[[], object]
UPROBES = {335, 336}
"""The kernel lets these pass each filter, and ends by SIGILL who calls them from elsewhere than its own page.

Source: arch/x86/kernel/uprobes.c, kernel/seccomp.c of Linux 6.14.
"""

LIBC = ctypes.CDLL(None, use_errno=True)
NUMBER_OF = ctypes.CDLL(LIBRARY).seccomp_syscall_resolve_name


def number_of(name: str) -> int:
    """Of a system call by its name; negative: this machine has none."""
    number: int = NUMBER_OF(name.encode())
    return number


def call(name: str, *arguments: object) -> str:
    """Make a system call that Python has no function for."""
    return call_number(number_of(name), *arguments)


def call_number(number: int, *arguments: object) -> str:
    """Make a system call, of which the arguments that are not given are 0."""
    padded = [*arguments, *[ctypes.c_long(0)] * (6 - len(arguments))]
    if LIBC.syscall(ctypes.c_long(number), *padded) == -1:
        raise OSError(ctypes.get_errno(), "")
    return "done"


def unnamed_calls(allowed: Sequence[Call]) -> list[int]:
    """Make every call that is named nowhere; those that are answered by anything but ENOSYS."""
    named = {number_of(each.name) for each in (*allowed, *FATAL)} | UPROBES
    answered = []
    for number in range(CALLS):
        if number not in named:
            try:
                call_number(number)
            except OSError as error:
                if error.errno == errno.ENOSYS:
                    continue
            answered.append(number)
    return answered


def escape_root() -> None:
    """Leave a root by entering another beneath it. Source: chroot(2)."""
    outside = os.open(".", os.O_DIRECTORY)
    os.mkdir("deeper")
    os.chroot("deeper")
    os.fchdir(outside)
    os.chdir("..")


def fork() -> None:
    """Make a process."""
    if os.fork() == 0:
        os._exit(0)


def thread() -> None:
    """Make a thread."""
    threading.Thread(target=bool).start()


def attempts(sibling: int) -> dict[str, Attempt]:
    """What is tried, by name.

    Args:
        sibling: another process of the same user.
    """
    tcp = socket.create_server(("127.0.0.1", 0))
    here = tcp.getsockname()
    client = socket.socket()
    datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    waiting = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    waiting.bind(ABSTRACT)
    page = mmap.mmap(-1, mmap.PAGESIZE)
    at = ctypes.addressof(ctypes.c_char.from_buffer(page))
    here_in_bytes = os.fsencode(sys.executable)
    tried: dict[str, Attempt] = {
        "list the root": lambda: os.listdir("/"),
        "list above the root": lambda: os.listdir("/../.."),
        "read /dev/null": lambda: Path("/dev/null").read_bytes(),
        "write /dev/null": lambda: os.open("/dev/null", os.O_WRONLY),
        "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "read /proc": lambda: os.open("/proc/self/status", os.O_RDONLY),
        "read a file above the root": lambda: os.open("../../../etc/passwd", os.O_RDONLY),
        "create a file": lambda: os.open("new", os.O_CREAT | os.O_WRONLY, 0o600),
        "create a file in dev": lambda: os.open("/dev/new", os.O_CREAT | os.O_RDONLY, 0o600),
        "make a directory": lambda: os.mkdir("new"),
        "make a device": lambda: os.mknod("mem", 0o20600, os.makedev(1, 1)),
        "remove a file": lambda: os.unlink("/dev/null"),
        "rename": lambda: os.rename("dev", "ved"),
        "change a mode": lambda: os.chmod("/", 0o777),
        "link": lambda: os.symlink("/", "link"),
        "leave the root": escape_root,
        "change the root": lambda: os.chroot("dev"),
        "fork": fork,
        "make a thread": thread,
        "execute a program": lambda: os.execv("/bin/true", ["true"]),
        "execute a memory file": lambda: os.memfd_create("program"),
        "execute a descriptor": lambda: call("execveat", -1, here_in_bytes, 0, 0, 0),
        "trace another": lambda: call("ptrace", PTRACE_SEIZE, sibling),
        "read another's memory": lambda: call("process_vm_readv", sibling),
        "signal another": lambda: os.kill(sibling, 0),
        "signal another by its thread": lambda: call("tgkill", sibling, sibling, 0),
        "have another signalled": lambda: call("fcntl", tcp.fileno(), F_SETOWN, sibling),
        "open another": lambda: os.pidfd_open(sibling),
        "limit another": lambda: resource.prlimit(sibling, resource.RLIMIT_NOFILE, (0, 0)),
        "be root": lambda: os.setuid(0),
        "be in root's group": lambda: os.setgid(0),
        "have a capability": lambda: call("capset"),
        "be traceable": lambda: call("prctl", PR_SET_DUMPABLE, 1),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)),
        "make a user namespace": lambda: call("unshare", CLONE_NEWUSER),
        "fork into a user namespace": lambda: call("clone", CLONE_NEWUSER | signal.SIGCHLD),
        "make a network namespace": lambda: call("unshare", CLONE_NEWNET),
        "mount a file system": lambda: call("mount"),
        "make a ring": lambda: call("io_uring_setup", 1, ctypes.create_string_buffer(256)),
        "load a BPF program": lambda: call("bpf"),
        "ask for a key": lambda: call("keyctl"),
        "filter itself": lambda: call("seccomp", 1),
        "map what can be executed": lambda: mmap.mmap(-1, 1, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "make memory executable": lambda: call(
            "mprotect", ctypes.c_void_p(at), ctypes.c_long(mmap.PAGESIZE), mmap.PROT_EXEC
        ),
        "make a pair of sockets": socket.socketpair,
        "connect a socket": lambda: client.connect(here),
        "connect by sending": lambda: client.sendto(b"", 0x20000000, here),
        "bind a socket": lambda: client.bind(("127.0.0.1", 0)),
        "send to an address": lambda: datagram.sendto(b"x", ABSTRACT),
        "send a message to an address": lambda: datagram.sendmsg([b"x"], [], 0, ABSTRACT),
        "change the protocol": lambda: tcp.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls"),
    }
    for family in ("AF_INET", "AF_INET6", "AF_UNIX"):
        tried[f"make a socket of {family}"] = partial(socket.socket, getattr(socket, family))
    for family in ("AF_NETLINK", "AF_PACKET"):
        tried[f"make a socket of {family}"] = partial(socket.socket, getattr(socket, family), socket.SOCK_RAW)
    return tried


def calls(allowed: Sequence[Call]) -> dict[str, Attempt]:
    """Calls that only a filter refuses, by name."""
    tried: dict[str, Attempt] = {
        each.name: partial(call, each.name) for each in FATAL if number_of(each.name) >= 0
    }
    tried["what is named nowhere"] = partial(unnamed_calls, allowed)
    if platform.machine() == "x86_64":
        tried["a call of another machine"] = partial(call_number, X32 | number_of("getpid"))
    return tried


def make_sibling() -> int:
    """A process like this one, which ends with it."""
    told, tell = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(tell)
        os.read(told, 1)
        os._exit(0)
    os.close(told)
    return process


def outcome(attempt: Attempt, become: Callable[[], None]) -> object:
    """What comes of an attempt, in a process of its own that has become what it is to be."""
    told, tell = os.pipe()
    process = os.fork()
    if process == 0:
        become()
        try:
            said = repr(attempt())
        except OSError as error:
            said = errno.errorcode[error.errno or 0]
        except (RuntimeError, ValueError) as error:
            said = str(error)
        os.write(tell, said.encode())
        os._exit(0)
    os.close(tell)
    _, status = os.waitpid(process, 0)
    said = os.read(told, 10000).decode()
    os.close(told)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else said


def main() -> None:
    """Be confined, and try it all: as a server, as the fork server, or as a server that nothing filters."""
    root, kind = Path(sys.argv[1]), sys.argv[2]
    allowed = FORKING if kind == "fork server" else SERVING
    forking, serving = Filter(FORKING), Filter(SERVING)
    confine(root, "nobody")
    tried = attempts(make_sibling())
    if kind != "unfiltered":
        tried |= calls(allowed)
        forking.load()

    def become() -> None:
        if kind != "fork server":
            forbid_processes()
        if kind == "server":
            serving.load()

    sys.stdout.write(json.dumps({name: outcome(attempt, become) for name, attempt in tried.items()}))


if __name__ == "__main__":
    main()
