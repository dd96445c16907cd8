"""The document that describes a VM: from plain data to a `VM`, or an error that names the field.

Plain data are what `notation` reads from YAML or JSON. Who is sent JSON does without its imports.
"""

from eve_meta.document.reading import inline, parse

__all__ = ["inline", "parse"]
