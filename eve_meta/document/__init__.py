"""The document that describes a VM: from YAML or JSON to a `VM`, or an error that names the field."""

from eve_meta.document.reading import inline, load, parse

__all__ = ["inline", "load", "parse"]
