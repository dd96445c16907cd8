"""Briefs: all that a server must know of VMs, in a sealed memory file whose descriptor is handed over.

For each VM the file has a line of JSON, and after it the document as the agent has it.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from io import BytesIO

from attrs import field, frozen, validators

from eve_meta.errors import EveMetaError

MAX_BYTES = 64 * 1024 * 1024
"""More than any brief has: a document has 8 Mi characters at most, of which JSON makes six bytes each."""

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


@frozen
class BriefError(EveMetaError):
    """A descriptor that does not hold briefs, or briefs that are too large; the reason quotes no content."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen(kw_only=True)
class Brief:
    """What a server must know of one VM.

    Attributes:
        document: the VM's document as JSON.
        token_key: the secret that the VM's session tokens are made with; kept out of every printed form.
        password: what the VM's guest has set; empty: nothing.
        revision: how often the document was replaced; both NICs of one VM serve the same.
    """

    document: bytes = field(repr=False)
    token_key: bytes = field(repr=False)
    revision: int = field(validator=validators.instance_of(int))
    password: str = field(repr=False, validator=validators.instance_of(str))


def write_briefs(briefs: Iterable[Brief]) -> int:
    """Write briefs into a new memory file that nobody can change any more.

    Returns:
        Its descriptor, which the caller closes.

    Raises:
        BriefError: they are more than a server reads.
    """
    data = b"".join(map(_to_bytes, briefs))
    if len(data) > MAX_BYTES:
        raise BriefError(f"what is to be told is larger than {MAX_BYTES} bytes")
    descriptor = os.memfd_create("eve-meta-briefs", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(descriptor, "wb", closefd=False) as memory:
        memory.write(data)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


def read_briefs(descriptor: int) -> list[Brief]:
    """Read briefs, and close their descriptor whatever comes of it.

    The position in the file is neither used nor moved: other servers may hold the same file.

    Raises:
        BriefError: the file does not hold briefs.
    """
    try:
        size = os.fstat(descriptor).st_size
        if size > MAX_BYTES:
            raise BriefError(f"what is told is larger than {MAX_BYTES} bytes")
        return list(_from_bytes(os.pread(descriptor, size, 0)))
    finally:
        os.close(descriptor)


def _to_bytes(brief: Brief) -> bytes:
    fields = {
        "token_key": brief.token_key.hex(),
        "revision": brief.revision,
        "password": brief.password,
        "document_bytes": len(brief.document),
    }
    return json.dumps(fields).encode() + b"\n" + brief.document


def _from_bytes(data: bytes) -> Iterator[Brief]:
    file = BytesIO(data)
    while line := file.readline():
        try:
            fields = json.loads(line)
            document = file.read(fields["document_bytes"])
            yield Brief(
                document=document,
                token_key=bytes.fromhex(fields["token_key"]),
                revision=fields["revision"],
                password=fields["password"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BriefError(f"a brief cannot be read: {type(error).__name__}") from error
