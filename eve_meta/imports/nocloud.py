"""A NoCloud seed -> a document.

Source: https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html; cloud-init
`sources/DataSourceNoCloud.py`.
"""

from uuid import UUID

from eve_meta.document import scalars
from eve_meta.imports.identity import identified, instance_name
from eve_meta.imports.keys import public_keys
from eve_meta.imports.network_config import network_config_of
from eve_meta.imports.octets import as_octets
from eve_meta.imports.place import Files, Imported, Notes, Place
from eve_meta.imports.record import Record, record_in

META_DATA = "meta-data"
USER_DATA = "user-data"
VENDOR_DATA = "vendor-data"
NETWORK_CONFIG = "network-config"
NAMES = (META_DATA, USER_DATA, VENDOR_DATA, NETWORK_CONFIG)


def nocloud(files: Files, uuid: UUID | None = None) -> Imported:
    """The document that tells a guest what the seed does.

    Raises:
        SourceError: the seed cannot be read.
    """
    notes = Notes()
    document = _identity(record_in(files, META_DATA, notes), uuid)
    if user_data := files.get(USER_DATA):
        document["user_data"] = as_octets(user_data)
    if vendor_data := files.get(VENDOR_DATA):
        document |= _vendor_data(vendor_data, Place(VENDOR_DATA, notes))
    document |= network_config_of(record_in(files, NETWORK_CONFIG, notes))
    return Imported(document, notes.told())


def _identity(meta_data: Record, uuid: UUID | None) -> dict[str, object]:
    name = meta_data.take("instance-id", instance_name)
    document: dict[str, object] = {"uuid": str(identified(meta_data.place.at("instance-id"), name, uuid))}
    if hostname := _hostname(meta_data):
        document["hostname"] = hostname
    if keys := meta_data.take("public-keys", lambda it: public_keys(meta_data.place.at("public-keys"), it)):
        document["public_keys"] = keys
    meta_data.tell_rest()
    return document


def _hostname(meta_data: Record) -> str | None:
    """cloud-init reads the local one alone."""
    local = meta_data.take("local-hostname", scalars.hostname)
    if local is None or local == meta_data.peek("hostname"):
        local = meta_data.take("hostname", scalars.hostname)
    return local


def _vendor_data(content: bytes, place: Place) -> dict[str, object]:
    """As OpenStack tells it. Source: cloud-init `sources/__init__.py`, `convert_vendordata`."""
    try:
        return {"vendor_data": {"cloud-init": content.decode()}}
    except UnicodeDecodeError:
        place.tell("is no UTF-8 text, which alone vendor_data.json can hold: left out")
        return {}
