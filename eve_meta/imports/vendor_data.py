"""vendor_data.json and vendor_data2.json -> `vendor_data` and `vendor_data2`."""

from eve_meta.document.scalars import mapping
from eve_meta.imports.place import Files, Notes, Place
from eve_meta.imports.record import loaded

_STATIC = "static"
_CLOUD_INIT = "cloud-init"


def vendor_data_of(files: Files, name: str, name2: str, notes: Notes) -> dict[str, object]:
    """The document's fields; what is derived anyway is left out.

    Raises:
        SourceError: a file cannot be read.
    """
    static = _static(loaded(files, name), Place(name, notes)) if name in files else {}
    sources = Place(name2, notes).read(mapping, loaded(files, name2) or {}) if name2 in files else {}
    others = {each: it for each, it in sources.items() if each != _STATIC or it not in (static, {})}
    made = {"vendor_data": static, "vendor_data2": others}
    return {field: value for field, value in made.items() if value}


def _static(data: object, place: Place) -> object:
    """What is no mapping is for cloud-init. Source: its `sources/__init__.py`, `convert_vendordata`."""
    if data is None or isinstance(data, dict):
        return data or {}
    place.tell(f"is no mapping, and becomes one with {_CLOUD_INIT!r}")
    return {_CLOUD_INIT: data}
