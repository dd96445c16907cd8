"""A document as it is stored and sent: JSON in UTF-8, in the document's own order."""

import json


def canonical(data: object) -> bytes:
    """Plain data as bytes; `json.loads` gives them back."""
    return json.dumps(data, ensure_ascii=False).encode()
