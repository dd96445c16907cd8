"""A brief: all that a server must know of one VM, in a sealed memory file whose descriptor is handed over.

The file is a line of JSON, and after it the document as the agent has it.
"""

import fcntl
import json
import os

from attrs import field, frozen, validators

from eve_meta.errors import EveMetaError

MAX_BRIEF_BYTES = 64 * 1024 * 1024
"""Longer than any: a document has 8 Mi characters at most, of which JSON makes six bytes each at most."""

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


@frozen
class BriefError(EveMetaError):
    """A descriptor that does not hold a brief, or a brief that is too large; the reason quotes no content."""

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


def write_brief(brief: Brief) -> int:
    """Write a brief into a new memory file that nobody can change any more.

    Returns:
        Its descriptor, which the caller closes.

    Raises:
        BriefError: it would be larger than a server reads.
    """
    data = _to_bytes(brief)
    if len(data) > MAX_BRIEF_BYTES:
        raise BriefError(f"the document is larger than {MAX_BRIEF_BYTES} bytes")
    descriptor = os.memfd_create("eve-meta-brief", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(descriptor, "wb", closefd=False) as memory:
        memory.write(data)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


def read_brief(descriptor: int) -> Brief:
    """Read a brief, and close its descriptor whatever comes of it.

    The position in the file is neither used nor moved: other servers may hold the same file.

    Raises:
        BriefError: it is no brief.
    """
    try:
        size = os.fstat(descriptor).st_size
        if size > MAX_BRIEF_BYTES:
            raise BriefError(f"a brief is larger than {MAX_BRIEF_BYTES} bytes")
        return _from_bytes(os.pread(descriptor, size, 0))
    finally:
        os.close(descriptor)


def _to_bytes(brief: Brief) -> bytes:
    fields = {"token_key": brief.token_key.hex(), "revision": brief.revision, "password": brief.password}
    return json.dumps(fields).encode() + b"\n" + brief.document


def _from_bytes(data: bytes) -> Brief:
    line, _, document = data.partition(b"\n")
    try:
        fields = json.loads(line)
        return Brief(
            document=document,
            token_key=bytes.fromhex(fields["token_key"]),
            revision=fields["revision"],
            password=fields["password"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BriefError(f"a brief cannot be read: {type(error).__name__}") from error
