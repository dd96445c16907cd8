"""The inventory on a real directory."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve

from eve_meta.agent.inventory import Inventory
from eve_meta.agent.record import Record, Wish
from eve_meta.canonical import canonical
from eve_meta.errors import StorageError

WEB = UUID("6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01")
DB = UUID("6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b02")


def document(uuid: UUID, **fields: object) -> dict[str, object]:
    return {"uuid": str(uuid), **fields}


def wish(uuid: UUID, name: str | None = None, **fields: object) -> Wish:
    named = {} if name is None else {"name": name}
    return Wish(uuid, name, canonical(document(uuid, **named, **fields)))


def served(inventory: Inventory) -> dict[UUID, tuple[str, ...]]:
    return {record.uuid: record.interfaces for record in inventory.records()}


def comparable(inventory: Inventory) -> set[Record]:
    return set(inventory.records())


def stored(directory: Path, uuid: UUID) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((directory / f"{uuid}.json").read_text())
    return content


def rewrite(directory: Path, uuid: UUID, **fields: object) -> None:
    (directory / f"{uuid}.json").write_text(json.dumps({**stored(directory, uuid), **fields}))


@contextmanager
def disk_full_after(size_bytes: int) -> Iterator[None]:
    """No file may grow beyond this size, as the kernel sees to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "vms"


@pytest.fixture
def inventory(directory: Path) -> Inventory:
    return Inventory.load(directory)


def test_a_new_directory_is_private_and_empty(directory: Path) -> None:
    inventory = Inventory.load(directory)

    assert () == inventory.records()
    assert () == inventory.problems
    assert 0o700 == directory.stat().st_mode & 0o777


def test_a_directory_open_to_others_is_closed(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o755)

    Inventory.load(directory)

    assert 0o700 == directory.stat().st_mode & 0o777


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "vms").write_text("")

    with pytest.raises(StorageError, match="vms: File exists"):
        Inventory.load(tmp_path / "vms")


def test_put_is_found_by_its_interface(inventory: Inventory) -> None:
    record = inventory.put("tap0", wish(WEB, name="web")).record

    assert record == inventory.record_of("tap0")
    assert (WEB, "web", ("tap0",), 1) == (record.uuid, record.name, record.interfaces, record.revision)
    assert WEB == record.uuid
    assert inventory.record_of("tap1") is None


def test_the_file_is_private_and_holds_everything(inventory: Inventory, directory: Path) -> None:
    record = inventory.put("tap0", wish(WEB, name="wëb")).record

    assert {
        "version": 4,
        "revision": 1,
        "token_key": record.token_key.hex(),
        "interfaces": ["tap0"],
        "password": "",
        "document": document(WEB, name="wëb"),
    } == stored(directory, WEB)
    assert 0o600 == (directory / f"{WEB}.json").stat().st_mode & 0o777
    assert [f"{WEB}.json"] == [path.name for path in directory.iterdir()]


def test_secrets_are_not_shown(inventory: Inventory) -> None:
    """A record may be logged."""
    record = inventory.put("tap0", wish(WEB, name="web", user_data="secret")).record

    assert "secret" not in repr(record)
    assert record.token_key.hex() not in repr(record)
    assert repr(record.token_key) not in repr(record)


def test_a_password_is_kept_with_its_vm(inventory: Inventory, directory: Path) -> None:
    """A new document leaves it as it is, and so do the VM's other interfaces."""
    inventory.set_password(inventory.put("tap0", wish(WEB)).record, "sécret\n\0")
    record = inventory.put("tap1", wish(WEB, name="new")).record

    assert "sécret\n\0" == record.password
    assert record.edition != evolve(record, password="").edition
    assert "sécret" not in repr(record)
    assert comparable(inventory) == comparable(Inventory.load(directory))


def test_a_password_goes_with_its_vm(inventory: Inventory, directory: Path) -> None:
    """Whoever has the interface next starts without one."""
    inventory.set_password(inventory.put("tap0", wish(WEB)).record, "secret")
    inventory.put("tap0", wish(DB))

    assert "" == inventory.put("tap0", wish(WEB)).record.password
    assert comparable(inventory) == comparable(Inventory.load(directory))


def test_a_password_that_the_disk_does_not_take(inventory: Inventory, directory: Path) -> None:
    record = inventory.put("tap0", wish(WEB)).record

    with disk_full_after(10), pytest.raises(StorageError):
        inventory.set_password(record, "secret")

    assert record == inventory.record_of("tap0")
    assert comparable(inventory) == comparable(Inventory.load(directory))


def test_a_vm_has_one_document_on_all_its_interfaces(inventory: Inventory) -> None:
    first = inventory.put("tap0", wish(WEB, name="old")).record
    second = inventory.put("tap1", wish(WEB, name="new")).record

    assert second == inventory.record_of("tap0") == inventory.record_of("tap1")
    assert ("tap0", "tap1") == second.interfaces
    assert first.revision < second.revision
    assert first.token_key == second.token_key
    assert b'"new"' in second.document


def test_an_interface_moves_to_another_vm(inventory: Inventory, directory: Path) -> None:
    inventory.put("tap0", wish(WEB))
    inventory.put("tap1", wish(WEB))

    inventory.put("tap0", wish(DB))

    assert {WEB: ("tap1",), DB: ("tap0",)} == served(inventory)
    assert comparable(inventory) == comparable(Inventory.load(directory))


def test_the_last_interface_moves_and_takes_the_file_with_it(inventory: Inventory, directory: Path) -> None:
    inventory.put("tap0", wish(WEB))

    inventory.put("tap0", wish(DB))

    assert {DB: ("tap0",)} == served(inventory)
    assert [f"{DB}.json"] == [path.name for path in directory.iterdir()]


def test_remove(inventory: Inventory, directory: Path) -> None:
    inventory.put("tap0", wish(WEB))
    both = inventory.put("tap1", wish(WEB)).record

    assert both == inventory.remove("tap0")
    assert {WEB: ("tap1",)} == served(inventory)
    assert inventory.remove("tap0") is None
    inventory.remove("tap1")

    assert () == inventory.records()
    assert [] == list(directory.iterdir())


def test_remove_of_a_file_that_somebody_deleted(inventory: Inventory, directory: Path) -> None:
    inventory.put("tap0", wish(WEB))
    (directory / f"{WEB}.json").unlink()

    inventory.remove("tap0")

    assert () == inventory.records()


class TestLoad:
    """What an agent finds at its start."""

    def test_finds_what_was_put(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB, name="web"))
        inventory.put("tap1", wish(DB, name="db"))

        again = Inventory.load(directory)

        assert comparable(inventory) == comparable(again)
        assert inventory.record_of("tap1") == again.record_of("tap1")

    def test_the_counter_of_revisions_goes_on(self, inventory: Inventory, directory: Path) -> None:
        before = inventory.put("tap0", wish(WEB)).record

        after = Inventory.load(directory).put("tap1", wish(DB)).record

        assert before.revision + 1 == after.revision

    def test_a_crash_between_the_two_writes_of_a_move(self, inventory: Inventory, directory: Path) -> None:
        """The VM that gained the interface keeps it; the other's file is written without it."""
        inventory.put("tap0", wish(WEB))
        inventory.put("tap1", wish(WEB))
        inventory.put("tap0", wish(DB))
        rewrite(directory, WEB, interfaces=["tap0", "tap1"])

        healed = Inventory.load(directory)

        assert {WEB: ("tap1",), DB: ("tap0",)} == served(healed)
        assert ["tap1"] == stored(directory, WEB)["interfaces"]
        assert () == healed.problems

    def test_a_crash_before_the_old_file_is_removed(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB))
        old = (directory / f"{WEB}.json").read_bytes()
        inventory.put("tap0", wish(DB))
        (directory / f"{WEB}.json").write_bytes(old)

        healed = Inventory.load(directory)

        assert {DB: ("tap0",)} == served(healed)
        assert not (directory / f"{WEB}.json").exists()

    def test_a_crash_while_undoing_a_move(self, inventory: Inventory, directory: Path) -> None:
        """The VM that got its interface back keeps it."""
        inventory.put("tap0", wish(WEB))
        change = inventory.put("tap0", wish(DB))
        failed = (directory / f"{DB}.json").read_bytes()
        inventory.undo(change)
        (directory / f"{DB}.json").write_bytes(failed)

        assert {WEB: ("tap0",)} == served(Inventory.load(directory))

    def test_healing_with_a_full_disk_is_a_problem_told(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB))
        inventory.put("tap1", wish(WEB))
        inventory.put("tap0", wish(DB))
        rewrite(directory, WEB, interfaces=["tap0", "tap1"])

        with disk_full_after(10):
            healed = Inventory.load(directory)

        assert {WEB: ("tap1",), DB: ("tap0",)} == served(healed)
        assert (f"could not store {directory}/{WEB}.json: File too large",) == healed.problems

    def test_leftovers_of_a_write_are_removed(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB))
        (directory / f"{DB}.json.x7f3.tmp").write_text('{"version')

        assert {WEB: ("tap0",)} == served(Inventory.load(directory))
        assert [f"{WEB}.json"] == [path.name for path in directory.iterdir()]

    def test_files_of_others_are_left_alone(self, inventory: Inventory, directory: Path) -> None:
        del inventory
        (directory / "README").write_text("hello")

        assert () == Inventory.load(directory).problems
        assert "hello" == (directory / "README").read_text()

    @pytest.mark.parametrize(
        ("damage", "reason"),
        [
            (b"", "Expecting value"),
            (b'{"version": 1', "delimiter"),
            (b"\xff\xfe\x00", "codec can't decode"),
            (b"[" * 100_000, "recursion"),
            (b"[]", "not a JSON object"),
            (b'{"version": 4}', "fields version: not those of a VM's file"),
            (b'{"version": 0}', "fields version: not those of a VM's file"),
        ],
    )
    def test_a_damaged_file_is_set_aside(
        self, inventory: Inventory, directory: Path, damage: bytes, reason: str
    ) -> None:
        """The rest is served."""
        inventory.put("tap0", wish(WEB))
        inventory.put("tap1", wish(DB))
        (directory / f"{DB}.json").write_bytes(damage)

        again = Inventory.load(directory)

        assert {WEB: ("tap0",)} == served(again)
        assert 1 == len(again.problems)
        assert again.problems[0].startswith(f"{directory}/{DB}.json.damaged: set aside as damaged: ")
        assert reason in again.problems[0]
        assert damage == (directory / f"{DB}.json.damaged").read_bytes()
        assert not (directory / f"{DB}.json").exists()

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"token_key": "00"}, "token_key: 1 bytes, not 32"),
            ({"token_key": "zz"}, "non-hexadecimal"),
            ({"token_key": 7}, "must be str"),
            ({"interfaces": []}, "Length of 'interfaces'"),
            ({"interfaces": "tap0"}, "interfaces: not a list"),
            ({"interfaces": [1]}, "must be <class 'str'>"),
            ({"interfaces": ["tap0", "tap0"]}, "interfaces: one is named twice"),
            ({"revision": "1"}, "must be <class 'int'>"),
            ({"revision": 0}, "must be >= 1"),
            ({"document": {"name": "web"}}, "uuid"),
            ({"document": {"uuid": 7}}, "replace"),
            ({"document": {"uuid": str(WEB), "name": 7}}, "'name' must be"),
            ({"document": [7]}, "list indices"),
            ({"document": document(DB)}, f"holds the VM {DB}"),
        ],
    )
    def test_a_file_with_a_wrong_field_is_set_aside(
        self, inventory: Inventory, directory: Path, fields: dict[str, object], reason: str
    ) -> None:
        inventory.put("tap0", wish(WEB))
        rewrite(directory, WEB, **fields)

        again = Inventory.load(directory)

        assert () == again.records()
        assert reason in again.problems[0]
        assert (directory / f"{WEB}.json.damaged").exists()

    def test_a_document_that_was_written_by_hand(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB))
        rewrite(directory, WEB, document=document(WEB, name="web"))

        (record,) = Inventory.load(directory).records()

        assert "web" == record.name
        assert document(WEB, name="web") == json.loads(record.document)

    def test_a_document_that_cannot_be_served(self, inventory: Inventory, directory: Path) -> None:
        """Whether it was written by hand or taken under other rules: who is to serve it says why not."""
        inventory.put("tap0", wish(WEB))
        rewrite(directory, WEB, document=document(WEB, color="red"))

        again = Inventory.load(directory)

        assert () == again.problems
        assert [WEB] == [record.uuid for record in again.records()]

    def test_a_file_set_aside_stays_a_problem_until_deleted(
        self, inventory: Inventory, directory: Path
    ) -> None:
        inventory.put("tap0", wish(WEB))
        (directory / f"{WEB}.json").write_text("")
        Inventory.load(directory)

        assert (
            f"{directory}/{WEB}.json.damaged: set aside as damaged; attach its VM again, then delete it",
        ) == Inventory.load(directory).problems

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_a_file_of_an_older_program(self, inventory: Inventory, directory: Path, version: int) -> None:
        inventory.put("tap0", wish(WEB, name="web"))
        before = {**stored(directory, WEB), "version": version}
        if version == 1:
            del before["password"]
        if version == 3:
            before["digest"] = "7f"
        (directory / f"{WEB}.json").write_text(json.dumps(before))

        again = Inventory.load(directory)

        assert () == again.problems
        assert comparable(inventory) == comparable(again)

    def test_a_file_of_a_newer_program_is_left_where_it_is(
        self, inventory: Inventory, directory: Path
    ) -> None:
        inventory.put("tap0", wish(WEB))
        rewrite(directory, WEB, version=5)

        again = Inventory.load(directory)

        assert () == again.records()
        assert (f"{directory}/{WEB}.json: version 5 is newer than this eve-meta",) == again.problems
        assert 5 == stored(directory, WEB)["version"]

    def test_what_cannot_be_read_is_a_problem(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB))
        (directory / f"{DB}.json").mkdir()

        again = Inventory.load(directory)

        assert {WEB: ("tap0",)} == served(again)
        assert 1 == len(again.problems)
        assert "Is a directory" in again.problems[0]


class TestUndo:
    """A put whose attach failed."""

    def test_of_a_new_vm(self, inventory: Inventory, directory: Path) -> None:
        inventory.undo(inventory.put("tap0", wish(WEB)))

        assert () == inventory.records()
        assert [] == list(directory.iterdir())

    def test_of_a_new_document(self, inventory: Inventory, directory: Path) -> None:
        before = inventory.put("tap0", wish(WEB, name="old")).record

        inventory.undo(inventory.put("tap0", wish(WEB, name="new")))

        assert before == inventory.record_of("tap0")
        assert comparable(inventory) == comparable(Inventory.load(directory))

    def test_of_a_new_document_whose_guest_set_a_password_meanwhile(
        self, inventory: Inventory, directory: Path
    ) -> None:
        before = inventory.put("tap0", wish(WEB, name="old")).record
        failed = inventory.put("tap0", wish(WEB, name="new"))
        inventory.set_password(failed.record, "secret")

        inventory.undo(failed)

        assert evolve(before, password="secret") == inventory.record_of("tap0")
        assert comparable(inventory) == comparable(Inventory.load(directory))

    def test_of_one_more_interface(self, inventory: Inventory) -> None:
        before = inventory.put("tap0", wish(WEB, name="old")).record

        inventory.undo(inventory.put("tap1", wish(WEB, name="new")))

        assert {before} == comparable(inventory)
        assert inventory.record_of("tap1") is None

    def test_of_a_move(self, inventory: Inventory, directory: Path) -> None:
        """The interface is its former VM's again, and its place among the interfaces is the same."""
        inventory.put("tap0", wish(WEB))
        before = inventory.put("tap1", wish(WEB)).record

        inventory.undo(inventory.put("tap0", wish(DB)))

        after = inventory.record_of("tap0")
        assert after is not None
        assert (before.uuid, before.document, before.interfaces) == (
            after.uuid,
            after.document,
            after.interfaces,
        )
        assert {WEB: ("tap0", "tap1")} == served(inventory)
        assert comparable(inventory) == comparable(Inventory.load(directory))

    def test_of_a_move_of_the_last_interface(self, inventory: Inventory) -> None:
        before = inventory.put("tap0", wish(WEB)).record

        inventory.undo(inventory.put("tap0", wish(DB)))

        assert {WEB: ("tap0",)} == served(inventory)
        assert [before.token_key] == [record.token_key for record in inventory.records()]

    def test_leaves_a_later_document_in_force(self, inventory: Inventory) -> None:
        inventory.put("tap0", wish(WEB, name="first"))
        failed = inventory.put("tap1", wish(WEB, name="second"))
        inventory.put("tap0", wish(WEB, name="third"))

        inventory.undo(failed)

        assert [("third", ("tap0",))] == [(record.name, record.interfaces) for record in inventory.records()]

    def test_keeps_an_interface_that_was_there_before(self, inventory: Inventory) -> None:
        inventory.put("tap0", wish(WEB, name="first"))
        failed = inventory.put("tap0", wish(WEB, name="second"))
        inventory.put("tap1", wish(WEB, name="third"))

        inventory.undo(failed)

        assert {WEB: ("tap0", "tap1")} == served(inventory)

    def test_does_not_bring_back_what_was_removed_since(self, inventory: Inventory) -> None:
        inventory.put("tap0", wish(WEB))
        failed = inventory.put("tap0", wish(DB))
        inventory.remove("tap0")

        inventory.undo(failed)

        assert () == inventory.records()

    def test_gives_back_to_a_vm_that_changed_since(self, inventory: Inventory) -> None:
        inventory.put("tap0", wish(WEB, name="old"))
        inventory.put("tap1", wish(WEB, name="old"))
        failed = inventory.put("tap0", wish(DB))
        inventory.put("tap1", wish(WEB, name="new"))

        inventory.undo(failed)

        assert [("new", ("tap1", "tap0"))] == [
            (record.name, record.interfaces) for record in inventory.records()
        ]


class TestFullDisk:
    """What was in force still is, in memory as on disk, and no temporary file is left."""

    def test_on_a_new_vm(self, inventory: Inventory, directory: Path) -> None:
        with disk_full_after(10), pytest.raises(StorageError) as refused:
            inventory.put("tap0", wish(WEB))

        assert f"could not store {directory}/{WEB}.json: File too large" == str(refused.value)
        assert () == inventory.records()
        assert [] == list(directory.iterdir())

    def test_on_a_new_document(self, inventory: Inventory, directory: Path) -> None:
        kept = inventory.put("tap0", wish(WEB)).record

        with disk_full_after(10), pytest.raises(StorageError):
            inventory.put("tap0", wish(WEB, name="new"))

        assert {kept} == comparable(inventory) == comparable(Inventory.load(directory))

    def test_on_the_second_write_of_a_move(self, inventory: Inventory, directory: Path) -> None:
        """The first is taken back."""
        inventory.put("tap0", wish(WEB, user_data="x" * 1000))
        inventory.put("tap1", wish(WEB, user_data="x" * 1000))
        before = comparable(inventory)

        with disk_full_after(500), pytest.raises(StorageError):
            inventory.put("tap0", wish(DB))

        assert before == comparable(inventory) == comparable(Inventory.load(directory))
        assert inventory.record_of("tap0") == inventory.record_of("tap1")

    def test_does_not_stop_the_removal_of_a_vm(self, inventory: Inventory, directory: Path) -> None:
        inventory.put("tap0", wish(WEB))

        with disk_full_after(0):
            inventory.remove("tap0")

        assert [] == list(directory.iterdir())
