"""vendor_data.json, alone and as one source among others in vendor_data2.json.

Source: nova `api/metadata/vendordata_json.py`, `vendordata_dynamic.py`.
"""

import json

from eve_meta.tree import JSON, Leaf
from eve_meta.vm import VM

_STATIC = "static"


def vendor_data(vm: VM, _version: str) -> Leaf:
    """The operator's object; `{}` if there is none."""
    return Leaf(_static(vm).encode(), JSON)


def vendor_data2(vm: VM, _version: str) -> Leaf:
    """An object of sources; the source `static` is vendor_data.json unless the document names its own."""
    sources = {_STATIC: _static(vm)} | {source.name: source.json for source in vm.vendor_data2}
    members = ", ".join(f"{json.dumps(name)}: {text}" for name, text in sources.items())
    return Leaf(f"{{{members}}}".encode(), JSON)


def _static(vm: VM) -> str:
    return vm.vendor_data or "{}"
