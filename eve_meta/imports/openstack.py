"""The files of OpenStack's format, of a config drive or by themselves -> a document.

The inverse of `eve_meta.formats`. Source: nova `api/metadata/base.py`, `virt/configdrive.py`.
"""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from eve_meta.document import scalars
from eve_meta.document.scalars import sequence
from eve_meta.imports.devices import devices_of
from eve_meta.imports.ec2 import ec2_of
from eve_meta.imports.identity import identified, instance_name
from eve_meta.imports.interfaces import rendered
from eve_meta.imports.network import network_of
from eve_meta.imports.octets import as_content, as_octets
from eve_meta.imports.place import Files, Imported, Notes, Place
from eve_meta.imports.record import Record, loaded, record_in
from eve_meta.imports.vendor_data import vendor_data_of

LATEST = "openstack/latest/"
CONTENT = "openstack/"
"""What a `content_path` is below of."""

META_DATA = "meta_data.json"
USER_DATA = "user_data"
VENDOR_DATA = "vendor_data.json"
VENDOR_DATA2 = "vendor_data2.json"
NETWORK_DATA = "network_data.json"
NAMES = (META_DATA, USER_DATA, VENDOR_DATA, VENDOR_DATA2, NETWORK_DATA)
EC2 = "ec2/latest/meta-data.json"


def openstack(files: Files, uuid: UUID | None = None, directory: str = LATEST) -> Imported:
    """The document that tells a guest what the files do.

    Args:
        files: those in `directory`, and of a config drive those of its content and of the EC2 format.
        uuid: the VM's, instead of the files'.
        directory: where `meta_data.json` is; with a slash behind it, or empty.

    Raises:
        SourceError: the files cannot be read.
    """
    notes = Notes()
    document = _meta_data(record_in(files, directory + META_DATA, notes), files, uuid)
    if (user_data := files.get(directory + USER_DATA)) is not None:
        document["user_data"] = as_octets(user_data)
    document |= vendor_data_of(files, directory + VENDOR_DATA, directory + VENDOR_DATA2, notes)
    if directory + NETWORK_DATA in files:
        document |= _network(files, Place(directory + NETWORK_DATA, notes), str(document["uuid"]))
    if EC2 in files:
        document |= ec2_of(record_in(files, EC2, notes))
    return Imported(document, notes.told())


def _network(files: Files, place: Place, uuid: str) -> dict[str, object]:
    data = place.read(scalars.mapping, loaded(files, place.file))
    network = network_of(data, place)
    if "interfaces" in network and rendered(network["interfaces"], uuid) != data:
        place.tell(
            "the guest finds other names in it (id, vif_id, network_id, type), which none makes use of"
        )
    return network


def _meta_data(meta_data: Record, files: Files, uuid: UUID | None) -> dict[str, object]:
    place = meta_data.place
    name = meta_data.take("uuid", instance_name)
    document: dict[str, object] = {"uuid": str(identified(place.at("uuid"), name, uuid))}
    document |= _fields(meta_data, files)
    meta_data.skip("random_seed")  # made anew for each guest that asks
    meta_data.tell_rest()
    return {name: value for name, value in document.items() if value}


def _fields(meta_data: Record, files: Files) -> Iterator[tuple[str, object]]:
    """In the order of a document."""
    place = meta_data.place
    for name in ("name", "hostname", "project_id", "availability_zone"):
        yield name, meta_data.take(name, scalars.hostname if name == "hostname" else scalars.line)
    yield "launch_index", meta_data.take("launch_index", partial(scalars.whole_number, low=0, high=65535))
    yield "meta", meta_data.take("meta", lambda it: _meta(place.at("meta"), it))
    yield "public_keys", _keys(meta_data)
    yield "files", [file for each in meta_data.records("files") for file in _file(each, files)]
    yield "devices", devices_of(meta_data.records("devices"))
    yield "dedicated_cpus", meta_data.take("dedicated_cpus", sequence)
    if meta_data.peek("network_config") is not None:
        meta_data.skip("network_config")
        place.at("network_config").tell("is a file for /etc/network/interfaces: left out")


def _meta(place: Place, value: object) -> dict[str, str]:
    """A value of it may be empty."""
    return {name: place.at(name).read(scalars.prose, it) for name, it in scalars.mapping(value).items()}


def _keys(meta_data: Record) -> dict[str, str]:
    """SSH keys are told twice by nova, and certificates in the second way alone."""
    named = meta_data.record("public_keys")
    keys: dict[str, str] = {name: named.need(name, scalars.key_text) for name in named.names()}
    for key in meta_data.records("keys"):
        name, text = key.need("name", scalars.line), key.need("data", scalars.key_text)
        key.skip("type")
        if keys.setdefault(name, text) != text:
            key.place.tell(f"is another key than that of public_keys, {name!r}: left out")
        key.tell_rest()
    return keys


def _file(record: Record, files: Files) -> Iterator[dict[str, str]]:
    """The entry of a file, if what is in it is at hand."""
    path = record.need("path", scalars.device_path)
    content_path = record.need("content_path", scalars.text)
    content = files.get(CONTENT + content_path.lstrip("/"))
    record.tell_rest()
    if content is None:
        record.place.at("content_path").tell(f"{content_path} is not there: the file {path} is left out")
    else:
        yield {"path": path, **as_content(content)}
