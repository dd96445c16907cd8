"""Who listens for TCP connections in the namespace that the calling thread is in.

Source: proc_net(5), tcp; linux/net/ipv4/tcp_ipv4.c, get_tcp4_sock(), Linux 6.18.
"""

import contextlib
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from attrs import frozen

_TABLES = ("tcp", "tcp6")
_LISTENING = "0A"
_WORD = struct.Struct(">I")


@frozen
class Listener:
    """A socket that listens.

    Attributes:
        inode: by which a process's descriptors show it.
    """

    address: IPv4Address | IPv6Address
    port: int
    inode: int


def listeners() -> Iterator[Listener]:
    """All of both families."""
    for each in _TABLES:
        with contextlib.suppress(FileNotFoundError):  # no IPv6
            lines = Path(f"/proc/thread-self/net/{each}").read_text(encoding="ascii").splitlines()
            yield from (_read(line.split()) for line in lines[1:] if line.split()[3] == _LISTENING)


def process_of(inode: int) -> str | None:
    """The name and number of a process that has a socket; None if none is found."""
    for path in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(path.readlink()) == f"socket:[{inode}]":
                process = path.parents[1]
                name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f"{name} (pid {process.name})"
    return None


def _read(fields: list[str]) -> Listener:
    """The address stands there in words of the host's byte order."""
    address, _, port = fields[1].partition(":")
    words = (int(address[each : each + 8], 16) for each in range(0, len(address), 8))
    packed = b"".join(struct.pack("=I", each) for each in words)
    is_ipv4 = len(packed) == _WORD.size
    return Listener(IPv4Address(packed) if is_ipv4 else IPv6Address(packed), int(port, 16), int(fields[9]))
