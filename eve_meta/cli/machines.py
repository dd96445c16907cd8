"""Attaches and detaches whole VMs for a hook; each line that it tells is about one of them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

import click
from attrs import frozen

from eve_meta.cli.client import Client, RefusedError
from eve_meta.cli.source import read
from eve_meta.hooks.doubts import doubts
from eve_meta.hooks.machine import Machine, MachineError
from eve_meta.hooks.volumes import HEAD_BYTES, label_of

DOCUMENTS = Path("/etc/eve-meta/vms")


@frozen
class Source:
    """The text of a document, and what it is called in a message; a file by its path."""

    name: str
    text: bytes


@frozen
class Machines:
    """The VMs of this host.

    Attributes:
        documents: where each has its document, in a file named by its uuid.
    """

    client: Client
    documents: Path

    def file_of(self, machine: Machine) -> Path:
        """Where a machine's document is, if it has one of its own."""
        return self.documents / f"{machine.uuid}.yaml"

    def document_of(self, machine: Machine) -> Source:
        """What its file holds.

        Raises:
            click.ClickException: it cannot be read.
        """
        name = str(self.file_of(machine))
        return Source(name, read(name))

    def attach(self, machine: Machine, source: Source, ports: Collection[str]) -> None:
        """Serve a document to a machine at interfaces; one that is refused does not stop the others.

        Raises:
            click.ClickException: the document is refused, or not all of them are served.
        """
        document = _document(machine, source)
        refused = [port for port in ports if not self._is_attached(machine, source.name, port, document)]
        for doubt in doubts(machine, _labels(machine.drives)) if ports else ():
            tell(machine, doubt)
        if refused:
            raise click.ClickException(f"not served at {', '.join(refused)}")

    def ports_of(self, machine: Machine) -> list[str]:
        """The interfaces at which a machine is served now."""
        statuses = self.client.list()["interfaces"]
        return [each["interface"] for each in statuses if each["uuid"] == str(machine.guest_uuid)]

    def detach(self, machine: Machine) -> None:
        """Serve nothing to a machine any more; a port that is another machine's by now stays attached."""
        for port in self.ports_of(machine):
            if self.client.detach(port, machine.guest_uuid):
                tell(machine, f"{port}: detached")

    def _is_attached(self, machine: Machine, name: str, port: str, document: bytes) -> bool:
        try:
            status = self.client.attach(port, document, "application/json", wait_seconds=0)
        except RefusedError as error:
            if error.kind == "document":
                raise click.ClickException(f"{name}: {error.message}") from error
            tell(machine, f"{port}: {error.message}")
            return False
        tell(machine, f"{port}: attached (revision {status['revision']})")
        return True


def tell(subject: object, message: str) -> None:
    """A line for the log."""
    click.echo(f"{subject}: {' '.join(message.split())}", err=True)


@contextmanager
def telling_of(subject: object) -> Iterator[None]:
    """What fails is told of a subject: the log is of many."""
    try:
        yield
    except MachineError as error:
        raise click.ClickException(f"{subject}: {error}") from error
    except click.ClickException as error:
        raise click.ClickException(f"{subject}: {error.message}") from error


def _document(machine: Machine, source: Source) -> bytes:
    from eve_meta.cli import documents  # noqa: PLC0415 - slow to read, and most VMs may have no document

    return documents.filled_in(source.name, source.text, machine)


def _labels(paths: Collection[str]) -> Mapping[str, str]:
    """The labels of images that can be read and are files: a device may make its reader wait."""
    return {path: label for path in paths if (label := _label(Path(path)))}


def _label(path: Path) -> str:
    try:
        if not S_ISREG(path.stat().st_mode):
            return ""
        with path.open("rb") as image:
            return label_of(image.read(HEAD_BYTES))
    except OSError:
        return ""
