"""What a volume is and how it is labelled, read off its first bytes."""

HEAD_BYTES = 17 * 2048
"""As many as are looked at: up to the end of an ISO 9660 image's descriptor."""

ISO9660 = "ISO 9660"
FAT = "FAT"

_KINDS = (
    (ISO9660, slice(0x8001, 0x8006), b"CD001", slice(0x8028, 0x8048)),
    (FAT, slice(0x52, 0x57), b"FAT32", slice(0x47, 0x52)),
    (FAT, slice(0x36, 0x39), b"FAT", slice(0x2B, 0x36)),
)
"""Where each is told by what, and where its label is.

Source: ECMA-119 section 8.4; Microsoft's FAT specification (2000), the boot sector.
"""


def kind_of(head: bytes) -> str | None:
    """What the volume is that begins so; None for any other."""
    return next((kind for kind, place, mark, _ in _KINDS if head[place] == mark), None)


def label_of(head: bytes) -> str:
    """The label of the ISO 9660 or FAT volume that begins so; empty if it has none, or is none."""
    for _, place, mark, label in _KINDS:
        if head[place] == mark:
            return head[label].decode("ascii", "replace").rstrip(" \0")
    return ""
