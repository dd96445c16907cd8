"""The directory of documents: what should be served, and where.

Note [An interface in two files]
    An interface belongs to one VM. When it moves to another, two files change, the gaining one first:

    | the machine stops        | on disk                       | after the next load            |
    |--------------------------|-------------------------------|--------------------------------|
    | before the first write   | the old VM has it             | the old VM has it              |
    | between the two writes   | both have it, the new VM with | the new VM has it, the old     |
    |                          | the higher revision           | file is written without it     |
    | after the second         | the new VM has it             | the new VM has it              |

    So the VM that gains an interface always takes a fresh revision from the one counter. Undoing is the
    same two steps the other way.
"""

import os
from collections.abc import Collection, Iterator
from operator import attrgetter
from pathlib import Path
from uuid import UUID

from attrs import evolve, frozen

from eve_meta.agent import durable
from eve_meta.agent.record import TOKEN_KEY_BYTES, Record, UnreadableError, Wish, from_json, to_json
from eve_meta.agent.reports import Reports
from eve_meta.errors import StorageError

SUFFIX = ".json"


@frozen
class Change:
    """What `Inventory.put` did, for `Inventory.undo`.

    Attributes:
        record: of the VM that is now served at the interface.
        before: the same VM's record as it was, if it had one.
        loser: the record, as it was, of another VM that was served at the interface.
    """

    interface: str
    record: Record
    before: Record | None
    loser: Record | None


class Inventory:
    """The records of all VMs, in memory as on disk: a change is on disk before it is seen here.

    Attributes:
        problems: files that should be served but are not, and why; as found by `load`.
        reports: what those VMs' guests have reported, in a directory beside that of the records.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.reports = Reports(directory.with_name("reports"))
        self._records: dict[UUID, Record] = {}
        self._owners: dict[str, UUID] = {}
        self._revision = 0
        self.problems: tuple[str, ...] = ()

    @classmethod
    def load(cls, directory: Path) -> "Inventory":
        """Read a directory, making it when there is none; healing what a crash has left.

        Raises:
            StorageError: the directory cannot be made or read. A file that cannot is in `problems`.
        """
        durable.make_directory(directory)
        durable.sweep(directory)
        inventory = cls(directory)
        with durable.translated(directory):
            paths = sorted(directory.iterdir(), key=attrgetter("name"))
        rejected = [problem for path in paths for problem in inventory._admit(path)]
        inventory.problems = (*rejected, *inventory._heal())
        inventory.reports.forget_all_but(inventory._records)
        return inventory

    def records(self) -> tuple[Record, ...]:
        """All that should be served, in no order."""
        return tuple(self._records.values())

    def interfaces(self) -> Collection[str]:
        """All at which something should be served, in no order."""
        return self._owners.keys()

    def has(self, vm: UUID) -> bool:
        """Whether a VM is served anywhere."""
        return vm in self._records

    def record_of(self, interface: str) -> Record | None:
        """What should be served at an interface."""
        uuid = self._owners.get(interface)
        return None if uuid is None else self._records[uuid]

    def put(self, interface: str, wish: Wish) -> Change:
        """Serve a document at an interface, and at all others of the same VM.

        Raises:
            StorageError: it could not be kept; nothing is changed.
        """
        before = self._records.get(wish.uuid)
        record = Record(
            uuid=wish.uuid,
            name=wish.name,
            document=wish.document,
            token_key=before.token_key if before else os.urandom(TOKEN_KEY_BYTES),
            interfaces=before.with_interface(interface).interfaces if before else (interface,),
            revision=self._next_revision(),
            password=before.password if before else "",
        )
        owner = self.record_of(interface)
        change = Change(interface, record, before, owner if owner and owner.uuid != wish.uuid else None)
        self._apply(change)
        return change

    def undo(self, change: Change) -> None:
        """Put back what was before a change, except where later changes have gone over it.

        Raises:
            StorageError: the change is still in force, wholly or in part.
        """
        uuid = change.record.uuid
        if change.loser and self._owners.get(change.interface) == uuid:
            self._give_back(change.interface, change.loser)
        now = self._records.get(uuid)
        if now:
            self._replace(uuid, _undone(change, now))

    def set_password(self, record: Record, password: str) -> None:
        """Keep what the guest of a VM has set, or nothing; `record` is the one in force.

        Raises:
            StorageError: what was kept before still is.
        """
        self._replace(record.uuid, evolve(record, password=password))

    def remove(self, interface: str) -> Record | None:
        """Serve nothing at an interface any more; answers what was served, if anything was.

        Raises:
            StorageError: it is still served.
        """
        record = self.record_of(interface)
        if record:
            self._replace(record.uuid, record.without_interface(interface))
        return record

    def _apply(self, change: Change) -> None:
        self._replace(change.record.uuid, change.record)
        if not change.loser:
            return
        try:
            self._replace(change.loser.uuid, change.loser.without_interface(change.interface))
        except StorageError:
            self._replace(change.record.uuid, change.before)
            self._remember(change.loser.uuid, change.loser)
            raise

    def _give_back(self, interface: str, loser: Record) -> None:
        now = self._records.get(loser.uuid)
        unchanged = now == loser.without_interface(interface)
        restored = loser if now is None or unchanged else now.with_interface(interface)
        self._replace(loser.uuid, evolve(restored, revision=self._next_revision()))

    def _replace(self, uuid: UUID, record: Record | None) -> None:
        self._store(uuid, record)
        self._remember(uuid, record)

    def _store(self, uuid: UUID, record: Record | None) -> None:
        path = self._directory / f"{uuid}{SUFFIX}"
        if record:
            durable.write(path, to_json(record))
        else:
            durable.remove(path)

    def _remember(self, uuid: UUID, record: Record | None) -> None:
        before = self._records.pop(uuid, None)
        for interface in before.interfaces if before else ():
            if self._owners.get(interface) == uuid:
                del self._owners[interface]
        if record:
            self._records[uuid] = record
            self._owners.update(dict.fromkeys(record.interfaces, uuid))

    def _next_revision(self) -> int:
        self._revision += 1
        return self._revision

    def _admit(self, path: Path) -> Iterator[str]:
        """Take a file in, or say why not."""
        if path.name.endswith(durable.DAMAGED_SUFFIX):
            yield f"{path}: set aside as damaged; attach its VM again, then delete it"
        if path.suffix != SUFFIX:
            return
        try:
            record = _read(path)
        except (UnreadableError, StorageError) as error:
            yield _rejected(path, error)
        else:
            self._records[record.uuid] = record
            self._revision = max(self._revision, record.revision)

    def _heal(self) -> Iterator[str]:
        """Let each interface belong to the VM that gained it last. See note [An interface in two files]."""
        for record in sorted(self._records.values(), key=attrgetter("revision"), reverse=True):
            kept = tuple(name for name in record.interfaces if name not in self._owners)
            healed = record.only(kept)
            if healed != record:
                yield from self._stored_or_not(record.uuid, healed)
            self._remember(record.uuid, healed)

    def _stored_or_not(self, uuid: UUID, record: Record | None) -> Iterator[str]:
        try:
            self._store(uuid, record)
        except StorageError as error:
            yield str(error)


def _undone(change: Change, now: Record) -> Record | None:
    """The record to have instead of the one in force, for a change to be as if it never was."""
    before = change.before
    if now.revision == change.record.revision:
        return before and evolve(before, password=now.password).only(now.interfaces)
    if before and change.interface in before.interfaces:
        return now
    return now.without_interface(change.interface)


def _read(path: Path) -> Record:
    with durable.translated(path):
        content = path.read_bytes()
    record = from_json(content)
    if path.stem != str(record.uuid):
        raise UnreadableError(f"holds the VM {record.uuid}")
    return record


def _rejected(path: Path, error: UnreadableError | StorageError) -> str:
    """Put a file where it harms nobody, if it is damaged; answers the words for it."""
    if isinstance(error, StorageError) or not error.damaged:
        return f"{path}: {error}"
    try:
        aside = durable.set_aside(path)
    except StorageError as refused:
        return f"{path}: {error}; {refused}"
    return f"{aside}: set aside as damaged: {error}; attach its VM again, then delete it"
