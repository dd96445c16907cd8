"""What is read of the XML that libvirt gives its hook."""

from uuid import UUID

import pytest

from eve_meta.document.notation import load
from eve_meta.hooks.domain import read_domain
from eve_meta.hooks.machine import Machine, MachineError, Nic, Smbios
from tests.unit.hooks.recorded import BARE, WEB, recorded

BRIDGED, NAMED, OWN = "52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"
SMBIOS = b"<os><smbios mode='sysinfo'/></os><sysinfo type='smbios'>%b</sysinfo>"


def machine(*elements: bytes) -> Machine:
    """Of a domain with these elements."""
    return read_domain(
        b"<domain><uuid>%b</uuid>%b</domain>" % (str(WEB).encode(), b"".join(elements))
    ).machine


def test_start() -> None:
    """All that is known of a domain when its taps are there."""
    assert read_domain(recorded("web", "start")).machine == Machine(
        uuid=WEB,
        name="web",
        smbios=Smbios(product="OpenStack Compute"),
        nics=(Nic(BRIDGED, "vnet2"), Nic(NAMED, "tapx", 1450), Nic(OWN)),
        drives=("/var/lib/libvirt/images/seed.iso",),
    )


def test_reconnect() -> None:
    """A restarted libvirt still knows the taps."""
    assert ("vnet2", "tapx") == read_domain(recorded("web", "reconnect")).machine.ports


def test_release() -> None:
    """At the end it has forgotten them."""
    assert () == read_domain(recorded("web", "release")).machine.ports


@pytest.mark.parametrize("operation", ["start", "reconnect", "release", "restore"])
def test_document(operation: str) -> None:
    """What is in `<metadata>` is a document however deep the whole is indented."""
    text = read_domain(recorded("web", operation)).document

    assert text is not None
    assert {
        "hostname": "web.example.org",
        "user_data": "#!/bin/sh\necho a && echo b\n",
    } == load(text.encode())


def test_no_document() -> None:
    """A domain without `<metadata>`, or with that of others only, has none."""
    others = b"<domain><uuid>%b</uuid><metadata><a xmlns='urn:a'/></metadata></domain>"

    assert read_domain(recorded("bare", "start")).document is None
    assert read_domain(others % str(WEB).encode()).document is None


def test_passed_to_qemu() -> None:
    """What is passed to QEMU besides counts for the firmware."""
    machine = read_domain(recorded("bare", "start")).machine

    assert (BARE, Smbios(serial=str(BARE))) == (machine.guest_uuid, machine.smbios)


def test_sysinfo_needs_its_mode() -> None:
    """Of sysinfo libvirt tells the firmware nothing unless `<smbios mode='sysinfo'/>` is there."""
    entry = b"<system><entry name='product'>OpenStack Compute</entry></system>"

    assert Smbios() == machine(b"<sysinfo type='smbios'>", entry, b"</sysinfo>").smbios
    assert Smbios(product="OpenStack Compute") == machine(SMBIOS % entry).smbios


def test_asset_tag_and_serial() -> None:
    entries = (
        b"<system><entry name='serial'>s</entry></system>"
        b"<chassis><entry name='asset'>OpenStack Nova</entry></chassis>"
    )

    assert Smbios(serial="s", asset_tag="OpenStack Nova") == machine(SMBIOS % entries).smbios


def test_hwuuid() -> None:
    """The guest sees this uuid where libvirt is told one; the document goes by libvirt's own."""
    read = machine(b"<hwuuid>%b</hwuuid>" % str(BARE).encode())

    assert (WEB, BARE) == (read.uuid, read.guest_uuid)


@pytest.mark.parametrize("xml", [b"", b"<domain", b"<domain/>", b"<domain><uuid>x</uuid></domain>"])
def test_no_domain(xml: bytes) -> None:
    with pytest.raises(MachineError, match="not a domain in libvirt's XML"):
        read_domain(xml)


def test_no_entities_of_others() -> None:
    """An entity that names a file is not fetched."""
    xml = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><domain><uuid>&x;</uuid></domain>'
    with pytest.raises(MachineError):
        read_domain(xml)


def test_uuid_in_usual_form() -> None:
    """However it is written, the document's file has the usual form in its name."""
    xml = b"<domain><uuid>6F0D4D3A5B8C4C399D530A7F3F0B7C11</uuid></domain>"

    assert UUID(int=WEB.int) == read_domain(xml).machine.uuid
