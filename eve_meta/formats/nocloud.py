"""The NoCloud tree: what cloud-init reads below the URL that `seedfrom` names.

It asks eleven times, a second apart, for what is not there; without user data it then gives up, and takes
empty ones for none.
Source: cloud-init `sources/DataSourceNoCloud.py`; `util.py`, `read_seeded`;
https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
"""

import json
from collections.abc import Mapping

from eve_meta.formats import derived
from eve_meta.formats.keys import Key, directory, keyed
from eve_meta.formats.network_config import network_config
from eve_meta.formats.network_data import has_network_data, network_record
from eve_meta.formats.yaml import yaml_leaf
from eve_meta.tree import OCTETS, Directory, Leaf
from eve_meta.vm import VM

_ALWAYS = ""
"""The one version."""


def nocloud(vm: VM) -> Directory:
    """The tree below `/nocloud`."""
    return directory(_FILES, vm, _ALWAYS)


def _meta_data(vm: VM, _version: str) -> Leaf:
    """What any data source of cloud-init tells of a machine. Source: cloud-init `sources/__init__.py`."""
    known = {
        "instance-id": str(vm.uuid),
        "local-hostname": derived.hostname(vm),
        "launch-index": vm.launch_index,
        "availability-zone": vm.availability_zone,
        "region": derived.region(vm),
        "public-keys": [key.text for key in vm.public_keys if not key.is_certificate],
    }
    return yaml_leaf({key: value for key, value in known.items() if value is not None})


def _network_config(vm: VM, _version: str) -> Leaf | None:
    return yaml_leaf(network_config(network_record(vm))) if has_network_data(vm) else None


def _user_data(vm: VM, _version: str) -> Leaf:
    return Leaf(vm.user_data or b"", OCTETS)


def _vendor_data(vm: VM, _version: str) -> Leaf:
    """What cloud-init takes of vendor_data.json: text, or texts, which make an archive.

    Source: cloud-init `sources/__init__.py`, `convert_vendordata`; `user_data.py`, `_explode_archive`.
    """
    content = json.loads(vm.vendor_data or "{}").get("cloud-init") or ""
    if isinstance(content, str):
        return Leaf(content.encode(), OCTETS)
    archive = b"#cloud-config-archive\n" + yaml_leaf(content).body
    return Leaf(archive if isinstance(content, list) else b"", OCTETS)


_FILES: Mapping[str, Key[VM]] = keyed(
    Key("meta-data", _ALWAYS, _meta_data),
    Key("network-config", _ALWAYS, _network_config),
    Key("user-data", _ALWAYS, _user_data),
    Key("vendor-data", _ALWAYS, _vendor_data),
)
