"""Bytes as a document says them: as text where that is the same, else in base64."""

import re
from base64 import b64encode

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
"""What an editor or a terminal would not leave as it is; a carriage return, too."""


def as_text(content: bytes) -> str | None:
    """The text that bytes are; None: they are none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT.search(text) else text


def as_octets(content: bytes) -> object:
    """`user_data`."""
    text = as_text(content)
    return _in_base64(content) if text is None else text


def as_content(content: bytes) -> dict[str, str]:
    """The part of an entry of `files` that says what is in it."""
    text = as_text(content)
    return _in_base64(content) if text is None else {"content": text}


def _in_base64(content: bytes) -> dict[str, str]:
    return {"base64": b64encode(content).decode()}
