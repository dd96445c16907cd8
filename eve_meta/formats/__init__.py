"""The formats a guest may ask in: each a pure function from a VM to a tree."""

from eve_meta.formats.root import paths, root

__all__ = ["paths", "root"]
