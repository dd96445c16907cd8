"""Entity tags: by one a guest asks whether what it has read is still so, and is told in a line if it is.

Source: RFC 9110, 8.8.3 and 13.1.2.
"""

from hashlib import blake2b

from eve_meta.exchange import Answer

IF_NONE_MATCH = b"if-none-match"
"""The header by which a guest says what it knows."""

_BYTES = 8
_MANY = b","
_ANY = b"*"
_WEAK = b"W/"


def etag(*content: bytes) -> bytes:
    """The tag of what is the same at each reading, in pieces."""
    digest = blake2b(digest_size=_BYTES)
    for each in content:
        digest.update(each)
    return b'"%s"' % digest.hexdigest().encode()


def weak_etag(*content: bytes) -> bytes:
    """The tag of what differs at each reading, in what is of no concern: its seed."""
    return _WEAK + etag(*content)


def unless_known(answer: Answer, tag: bytes, known: bytes) -> Answer:
    """The answer to a reading, without its body for a guest that says it knows the tag."""
    return Answer(304, ((b"ETag", tag),), b"") if _names(known, tag) else answer


def _names(known: bytes, tag: bytes) -> bool:
    """Compared weakly, as is told for this header."""
    named = (each.strip().removeprefix(_WEAK) for each in known.split(_MANY))
    return known.strip() == _ANY or tag.removeprefix(_WEAK) in named
