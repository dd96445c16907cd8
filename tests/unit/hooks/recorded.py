"""What libvirt 9.0.0 gave its hook on standard input, byte for byte, a file for a domain and an operation.

`web` has a NIC on a bridge, one on a tap with a name, one of QEMU's own, a cidata drive, OpenStack's firmware
and a document; `bare` has a NIC on a bridge, and firmware as EC2's by arguments passed to QEMU.
"""

from pathlib import Path
from uuid import UUID

WEB = UUID("6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11")
BARE = UUID("ec2e1916-9099-7caf-fd21-012345abcdef")

_DIRECTORY = Path(__file__).with_name("libvirt")


def recorded(name: str, operation: str) -> bytes:
    """The XML of a domain at an operation."""
    return (_DIRECTORY / f"{name}-{operation}.xml").read_bytes()
