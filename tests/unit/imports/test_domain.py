"""A libvirt domain as the source of a document."""

from uuid import UUID

import pytest

from eve_meta.document import parse
from eve_meta.imports.domain import domain
from eve_meta.imports.place import SourceError
from tests.unit.hooks.recorded import BARE, WEB, recorded


def xml(document: str) -> bytes:
    namespace = "xmlns:eve='urn:eve-meta:document:1'"
    element = f"<metadata><eve:document {namespace}>{document}</eve:document></metadata>"
    return f"<domain><uuid>{WEB}</uuid>{element}</domain>".encode()


def test_with_a_document() -> None:
    """It is filled with what is known of the VM."""
    made = domain(recorded("web", "start"))

    assert parse(made.document)
    assert () == made.notes
    assert (str(WEB), "web", "web.example.org", 3) == (
        made.document["uuid"],
        made.document["name"],
        made.document["hostname"],
        len(list(made.document["interfaces"])),  # type: ignore[call-overload]
    )


def test_without_a_document() -> None:
    """What is known of the VM is one."""
    made = domain(recorded("bare", "start"))

    assert parse(made.document)
    assert str(BARE) == made.document["uuid"]


def test_a_guest_that_would_not_ask() -> None:
    (note,) = domain(xml("hostname: web")).notes

    assert note.startswith("cloud-init will not look for metadata: the SMBIOS product is not set")


def test_another_uuid() -> None:
    made = domain(xml("hostname: web"), UUID(int=1))

    assert str(UUID(int=1)) == made.document["uuid"]
    assert made.notes[0].startswith(f"&lt;metadata>: uuid: was {WEB}".replace("&lt;", "<"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"<domain>", "is no domain in libvirt's XML: no element found"),
        (b"<domain/>", "is no domain in libvirt's XML: badly formed hexadecimal UUID string"),
        (xml("hostname: ["), "<metadata>: is not YAML: "),
        (xml("- a"), "<metadata>: is no document"),
        (xml(f"uuid: {BARE}"), f"<metadata>: uuid: is {BARE}, but the VM's SMBIOS UUID is {WEB}"),
    ],
)
def test_what_is_wrong_is_named(text: bytes, message: str) -> None:
    with pytest.raises(SourceError) as raised:
        domain(text)

    assert str(raised.value).startswith(message)
