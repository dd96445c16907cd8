"""`eve-meta hook`: what the scripts in scripts/hooks run. See docs/hooks.md."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import click

from eve_meta.cli import options
from eve_meta.cli.client import Client
from eve_meta.cli.examples import examples
from eve_meta.cli.machines import DOCUMENTS, Machines, Source, tell, telling_of
from eve_meta.contact import BODY_MAX_BYTES
from eve_meta.hooks.machine import Machine, MachineError

_OF_LIBVIRT = {"start": True, "started": False, "reconnect": False}
"""Whether all is attached, or only what is not yet: a later hook repairs what an earlier could not do."""


@click.group(
    short_help="Attach and detach VMs for the program that starts them.",
    epilog=examples(
        "eve-meta hook plain start 6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11 tap0",
        "eve-meta hook plain stop 6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11",
        "virsh dumpxml web | eve-meta hook libvirt web start begin -",
    ),
)
@click.option(
    "--documents",
    type=options.DIRECTORY,
    default=DOCUMENTS,
    show_default=True,
    help="Where the VMs' documents are, each named UUID.yaml.",
)
@options.run_dir
@click.pass_context
def command(context: click.Context, documents: Path, run_dir: Path) -> None:
    """Attach and detach VMs for libvirt, QEMU, Xen or another program that starts them.

    It tells on standard error what it did and why not, and why a guest would not look for metadata.
    """
    context.obj = Machines(Client(run_dir), documents)


@command.command(short_help="Called as libvirt calls its hook for QEMU.")
@click.argument("name")
@click.argument("operation")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def libvirt(machines: Machines, name: str, operation: str, arguments: tuple[str, ...]) -> None:
    """Attach the interfaces of the domain NAME at `start`, detach them at `release`.

    The domain's XML is on standard input. At other operations nothing is done, and at none is anything
    printed on standard output, which libvirt takes for XML.
    """
    del arguments
    if operation not in {*_OF_LIBVIRT, "release"}:
        return
    from eve_meta.hooks.domain import read_domain  # noqa: PLC0415 - most operations need no XML

    with telling_of(name):
        domain = read_domain(sys.stdin.buffer.read(BODY_MAX_BYTES))
    machine = domain.machine
    with telling_of(machine):
        if operation == "release":
            machines.detach(machine)
        elif source := _document_of_domain(machines, machine, domain.document):
            if not machine.ports:
                raise click.ClickException("none of its interfaces has a port on this host")
            served = () if _OF_LIBVIRT[operation] else machines.ports_of(machine)
            machines.attach(machine, source, [port for port in machine.ports if port not in served])


def _document_of_domain(machines: Machines, machine: Machine, element: str | None) -> Source | None:
    """The operator's file goes before what is in the domain; None if there is neither."""
    if machines.file_of(machine).exists():
        return machines.document_of(machine)
    return None if element is None else Source("<metadata>", element.encode())


@command.command(short_help="Called by QEMU's -netdev tap,script= and downscript=.")
@click.argument("change", type=click.Choice(["up", "down"]))
@options.interface
@click.pass_obj
def qemu(machines: Machines, change: str, interface: str) -> None:
    """Attach INTERFACE when it goes `up`, detach it when it goes `down`.

    The VM is the one of the QEMU that calls, directly or not: its -uuid tells the document.
    """
    if change == "down":
        _detach(machines, interface)
        return
    from eve_meta.hooks.command_line import machine_of  # noqa: PLC0415 - this hook's alone

    with telling_of(interface):
        machine = machine_of(_calling_qemu())
    _attach(machines, machine, interface)


@command.command(short_help="Called by Xen as its vif-bridge script is.")
@click.argument("change")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def xen(machines: Machines, change: str, arguments: tuple[str, ...]) -> None:
    """Attach the port that the environment names at `online` and `add`, detach it at `offline` and `remove`.

    The domain's uuid, which tells the document, is read from xenstore.
    """
    from eve_meta.hooks import xen as told  # noqa: PLC0415 - this hook's alone

    with telling_of("Xen"):
        vif = told.vif_of(arguments, os.environ)
    with telling_of(vif.device):
        name = _in_xenstore(vif.name_path)
        interface = f"{name}{vif.suffix}" if name else vif.device
        if change in told.DETACHED_AT:
            _detach(machines, interface)
        elif change in told.ATTACHED_AT:
            uuid = _uuid(_in_xenstore(vif.vm_path).removeprefix("/vm/"))
            _attach(machines, Machine(uuid=uuid), interface)


@command.group(short_help="Called by any other program.")
def plain() -> None:
    """Attach and detach a VM that is named by its uuid."""


@plain.command(short_help="Attach a VM.")
@click.argument("uuid", type=click.UUID)
@click.argument("interfaces", nargs=-1, required=True)
@click.pass_obj
def start(machines: Machines, uuid: UUID, interfaces: tuple[str, ...]) -> None:
    """Attach the INTERFACES of the VM with this UUID."""
    _attach(machines, Machine(uuid=uuid), *interfaces)


@plain.command(short_help="Detach a VM.")
@click.argument("uuid", type=click.UUID)
@click.pass_obj
def stop(machines: Machines, uuid: UUID) -> None:
    """Detach all interfaces of the VM with this UUID."""
    machine = Machine(uuid=uuid)
    with telling_of(machine):
        machines.detach(machine)


def _attach(machines: Machines, machine: Machine, *interfaces: str) -> None:
    with telling_of(machine):
        machines.attach(machine, machines.document_of(machine), interfaces)


def _detach(machines: Machines, interface: str) -> None:
    with telling_of(interface):
        if machines.client.detach(interface):
            tell(interface, "detached")


def _calling_qemu() -> list[str]:
    """The command line of the QEMU that this process is run by."""
    for process in _ancestors(os.getpid()):
        if "qemu" in (process / "exe").readlink().name:
            return os.fsdecode((process / "cmdline").read_bytes()).split("\0")
    raise MachineError("no QEMU calls this hook: use the plain one")


def _ancestors(pid: int) -> Iterator[Path]:
    """The processes above one, as directories of /proc. Source: proc_pid_stat(5)."""
    while pid > 1:
        process = Path(f"/proc/{pid}")
        yield process
        pid = int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])


def _in_xenstore(path: str) -> str:
    """What xenstore holds there; empty if nothing."""
    try:
        command = ["xenstore-read", path]  # wherever Xen has put it
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - of Xen's words
    except OSError as error:
        raise MachineError(f"cannot run xenstore-read: {error.strerror}") from error
    return done.stdout.strip()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise MachineError(f"xenstore tells no uuid of the domain, but {text!r}") from error
