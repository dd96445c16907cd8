"""What tests of documents share."""

from eve_meta.document import parse
from eve_meta.document.notation import load
from eve_meta.vm import VM

_UUID_LINE = "uuid: 12345678-1234-1234-1234-123456789abc\n"
NIC = "mac: fa:16:3e:00:00:01"


def read(text: str) -> VM:
    """The VM of a document that has a uuid already."""
    return parse(load((_UUID_LINE + text).encode()))
