"""`devices` of meta_data.json -> `devices`."""

from collections.abc import Iterable

from eve_meta.document.scalars import text
from eve_meta.imports.record import Record

_NOWHERE = "none"
_KNOWN = {
    "nic": ("mac", "bus", "address", "tags", "vlan", "vf_trusted"),
    "disk": ("bus", "address", "serial", "path", "tags"),
    "share": ("share_id", "tag"),
}


def devices_of(records: Iterable[Record]) -> list[dict[str, object]]:
    """Those that a document knows of; their fields are checked with it.

    Raises:
        SourceError: one has no type.
    """
    return [made for record in records if (made := _device(record))]


def _device(record: Record) -> dict[str, object]:
    kind = record.need("type", text)
    if kind not in _KNOWN:
        record.place.tell(f"is of type {kind!r}: left out")
        return {}
    if kind == "share":
        record.skip("bus", "address")
    if record.peek("bus") == _NOWHERE and record.peek("address") == _NOWHERE:
        record.skip("address")
    known = {name: record.need(name, lambda it: it) for name in _KNOWN[kind] if name in record.names()}
    record.tell_rest()
    return {"type": kind, **known}
