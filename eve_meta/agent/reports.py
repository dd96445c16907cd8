"""What guests have reported: the latest of each kind from each VM, a file each, and nothing in memory."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import final
from uuid import UUID

from attrs import frozen

from eve_meta.agent import durable
from eve_meta.reports import REPORTS


@frozen(kw_only=True)
class Report:
    """That a guest has reported something.

    Attributes:
        kind: one of `eve_meta.reports.REPORTS`.
        at: when it did so last, a Unix time.
        bytes: how long the report is.
    """

    kind: str
    at: float
    bytes: int


@final
class Reports:
    """Their directory. Where the disk fails every method raises `StorageError`."""

    def __init__(self, directory: Path) -> None:
        """Make it when there is none."""
        durable.make_directory(directory)
        durable.sweep(directory)
        self._directory = directory

    def keep(self, vm: UUID, kind: str, content: bytes) -> None:
        """Keep a report in place of the one before.

        Guests may report often, so it is not waited until it would outlive a failure of power.
        """
        durable.write(self._file(vm, kind), content, is_synced=False)

    def of(self, vm: UUID) -> tuple[Report, ...]:
        """What the guest of a VM has reported, by kind."""
        return tuple(self._of(vm))

    def read(self, vm: UUID, kind: str) -> bytes | None:
        """A report, as the guest has sent it; None: there is none."""
        file = self._file(vm, kind)
        with durable.translated(file):
            try:
                return file.read_bytes()
            except FileNotFoundError:
                return None

    def forget(self, vm: UUID) -> None:
        """Forget all that the guest of a VM has reported."""
        for kind in REPORTS:
            file = self._file(vm, kind)
            with durable.translated(file):
                file.unlink(missing_ok=True)

    def forget_all_but(self, vms: Collection[UUID]) -> None:
        """Forget what was reported by the guests of all VMs but some."""
        known = {str(vm) for vm in vms}
        with durable.translated(self._directory):
            for file in tuple(self._directory.iterdir()):
                if file.stem not in known:
                    file.unlink(missing_ok=True)

    def _of(self, vm: UUID) -> Iterator[Report]:
        for kind in sorted(REPORTS):
            file = self._file(vm, kind)
            with durable.translated(file):
                try:
                    found = file.stat()
                except FileNotFoundError:
                    continue
            yield Report(kind=kind, at=found.st_mtime, bytes=found.st_size)

    def _file(self, vm: UUID, kind: str) -> Path:
        return self._directory / f"{vm}.{kind}"
