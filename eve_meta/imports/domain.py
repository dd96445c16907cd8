"""A libvirt domain -> the document that is in it, or an empty one, with what is known of the VM."""

from uuid import UUID

from eve_meta.document.notation import load
from eve_meta.errors import DocumentError
from eve_meta.hooks.domain import Domain, read_domain
from eve_meta.hooks.doubts import doubts
from eve_meta.hooks.filling import filled
from eve_meta.hooks.machine import MachineError
from eve_meta.imports.place import Imported, Notes, Place, SourceError

_METADATA = "<metadata>"


def domain(xml: bytes, uuid: UUID | None = None) -> Imported:
    """The document of a domain.

    Raises:
        SourceError: it is none, or the document in it is another VM's, or cannot be read.
    """
    try:
        found = read_domain(xml)
    except MachineError as error:
        raise SourceError("", "", f"is no domain in libvirt's XML: {error.__cause__}") from error
    document = _document(found)
    place = Place(_METADATA, notes := Notes())
    if uuid is not None and document.get("uuid") != str(uuid):
        place.at("uuid").tell(f"was {document.get('uuid')}, as the domain's firmware tells its guest")
        document["uuid"] = str(uuid)
    for doubt in doubts(found.machine, {}):
        notes.add(doubt)
    return Imported(document, notes.told())


def _document(found: Domain) -> dict[str, object]:
    try:
        given = None if found.document is None else load(found.document.encode())
        document = filled(given, found.machine)
    except DocumentError as error:
        raise SourceError(_METADATA, error.field, error.reason) from error
    if not isinstance(document, dict):
        raise SourceError(_METADATA, "", "is no document")
    return {name: value for name, value in document.items() if value not in (None, [])}
