"""What is kept of one VM: a value, and the JSON it is on disk."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from attrs import evolve, field, frozen
from attrs.validators import deep_iterable, ge, instance_of, min_len, optional

from eve_meta.canonical import canonical
from eve_meta.errors import EveMetaError

VERSION = 4
"""Of the files' layout. A file of a later version is left alone.

One of version 1 has no password; one of version 3 has a digest of its document besides, which nobody needs.
"""

TOKEN_KEY_BYTES = 32

_FIELDS = {"version", "revision", "token_key", "interfaces", "password", "document"}

Edition = tuple[int, str]
"""What a guest is told: a revision of its document, and its password."""


@frozen
class UnreadableError(EveMetaError):
    """A file that no record can be made of.

    Attributes:
        damaged: false when the file is only newer than this program.
    """

    reason: str
    damaged: bool = True

    def __str__(self) -> str:
        return self.reason


def _key_sized(_record: object, _attribute: object, value: bytes) -> None:
    if len(value) != TOKEN_KEY_BYTES:
        raise ValueError(f"token_key: {len(value)} bytes, not {TOKEN_KEY_BYTES}")


def _distinct(_record: object, _attribute: object, value: tuple[str, ...]) -> None:
    if len(set(value)) != len(value):
        raise ValueError("interfaces: one is named twice")


@frozen
class Wish:
    """What is to be served, whoever asks for it: a document that can be.

    Attributes:
        name: the VM's name, where its document gives one.
        document: as canonical JSON.
    """

    uuid: UUID
    name: str | None
    document: bytes = field(repr=False)


@frozen(kw_only=True)
class Record:
    """One VM that should be served, and where.

    Attributes:
        name: the VM's name, where its document gives one.
        document: plain data as canonical JSON; parsed, it would double what 2000 VMs take in memory.
        token_key: made once, kept while the VM is attached anywhere.
        password: what the guest has set; empty: nothing.
        interfaces: at least one, each once, in the order they were attached.
        revision: of the document; one counter for all VMs: no two documents ever had the same.
    """

    uuid: UUID
    name: str | None = field(validator=optional(instance_of(str)))
    document: bytes = field(repr=False)
    token_key: bytes = field(repr=False, validator=_key_sized)
    interfaces: tuple[str, ...] = field(validator=[deep_iterable(instance_of(str)), min_len(1), _distinct])
    revision: int = field(validator=[instance_of(int), ge(1)])
    password: str = field(default="", repr=False, validator=instance_of(str))

    @property
    def edition(self) -> Edition:
        """Another wherever a guest would be told something else."""
        return self.revision, self.password

    def with_interface(self, interface: str) -> "Record":
        """The same VM, served at an interface too."""
        return (
            self if interface in self.interfaces else evolve(self, interfaces=(*self.interfaces, interface))
        )

    def without_interface(self, interface: str) -> "Record | None":
        """The same VM, not served at an interface; None when that was its last."""
        return self.only(name for name in self.interfaces if name != interface)

    def only(self, interfaces: Iterable[str]) -> "Record | None":
        """The same VM, served at no others; None when none is left."""
        allowed = set(interfaces)
        left = tuple(name for name in self.interfaces if name in allowed)
        if left == self.interfaces:
            return self
        return evolve(self, interfaces=left) if left else None


def to_json(record: Record) -> bytes:
    """The file of a record."""
    stored = {
        "version": VERSION,
        "revision": record.revision,
        "token_key": record.token_key.hex(),
        "interfaces": record.interfaces,
        "password": record.password,
        "document": json.loads(record.document),
    }
    return json.dumps(stored, ensure_ascii=False, indent=1).encode() + b"\n"


def from_json(content: bytes) -> Record:
    """The record in a file.

    Raises:
        UnreadableError: there is none.
    """
    try:
        return _structured(json.loads(content))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableError(str(error) or type(error).__name__) from error


def _structured(stored: dict[str, Any]) -> Record:
    if not isinstance(stored, dict):
        raise TypeError("not a JSON object")
    if isinstance(stored.get("version"), int) and stored["version"] > VERSION:
        raise UnreadableError(f"version {stored['version']} is newer than this eve-meta", damaged=False)
    if stored.get("version") in range(1, VERSION):
        stored = {"password": "", **stored}
        stored.pop("digest", None)
    if stored.keys() != _FIELDS:
        raise ValueError(f"fields {', '.join(sorted(stored))}: not those of a VM's file")
    if not isinstance(stored["interfaces"], list):
        raise TypeError("interfaces: not a list")
    document = stored["document"]
    return Record(
        uuid=UUID(document["uuid"]),
        name=document.get("name"),
        document=canonical(document),
        token_key=bytes.fromhex(stored["token_key"]),
        interfaces=tuple(stored["interfaces"]),
        revision=stored["revision"],
        password=stored["password"],
    )
