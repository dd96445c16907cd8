"""meta_data.json of the OpenStack format.

Source: nova `api/metadata/base.py`, `_metadata_as_json`, whose order of fields is kept.
"""

import json
from collections.abc import Iterator

from eve_meta.formats.derived import hostname, name
from eve_meta.formats.devices import device_metadata
from eve_meta.tree import JSON, Leaf, SeededLeaf
from eve_meta.vm import VM, File, PublicKey

_SEED_SINCE = "2013-04-04"
_PROJECT_SINCE = "2015-10-15"
_DEVICES_SINCE = "2016-06-30"
_CPUS_SINCE = "2020-10-14"

_Field = tuple[str, object]


def meta_data(vm: VM, version: str) -> Leaf | SeededLeaf:
    """The file as a version knows it; with a seed from Grizzly on."""
    before, after = _members(_before_seed(vm)), _members(_after_seed(vm, version))
    if version < _SEED_SINCE:
        return Leaf(f"{{{before}}}".encode(), JSON)
    rest = f", {after}" if after else ""
    return SeededLeaf(f'{{{before}, "random_seed": "'.encode(), f'"{rest}}}'.encode())


def _members(fields: Iterator[_Field]) -> str:
    return ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in fields)


def _before_seed(vm: VM) -> Iterator[_Field]:
    yield "uuid", str(vm.uuid)
    if vm.meta:
        yield "meta", {item.key: item.value for item in vm.meta}
    if vm.files:
        yield "files", [_file(number, file) for number, file in enumerate(vm.files)]
    if vm.public_keys:
        yield "public_keys", {key.name: key.text for key in vm.public_keys}
        yield "keys", [_key(key) for key in vm.public_keys]
    yield "hostname", hostname(vm)
    yield "name", name(vm)
    yield "launch_index", vm.launch_index
    yield "availability_zone", vm.availability_zone


def _after_seed(vm: VM, version: str) -> Iterator[_Field]:
    if version >= _PROJECT_SINCE:
        yield "project_id", vm.project_id
    if version >= _DEVICES_SINCE:
        yield "devices", device_metadata(vm, version)
    if version >= _CPUS_SINCE:
        yield "dedicated_cpus", sorted(set(vm.dedicated_cpus))


def _file(number: int, file: File) -> dict[str, str]:
    return {"path": file.path, "content_path": f"/content/{number:04}"}


def _key(key: PublicKey) -> dict[str, str]:
    kind = "x509" if key.is_certificate else "ssh"
    return {"name": key.name, "type": kind, "data": key.text}
