"""Session tokens: issued and checked against a VM's own key, without any record of them.

A token is its expiry and an HMAC of that under the key. So it is good after a restart, for as long as it was
made for, and no good to another VM.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from math import ceil

_EXPIRY_BYTES = 8
_PADDING = "=="
_PURPOSE = b"eve-meta session token 1\n"
TOKEN_LENGTH = ceil((_EXPIRY_BYTES + hashlib.sha256().digest_size) * 4 / 3)
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


def issue(key: bytes, ttl_seconds: int, now: float) -> str:
    """A token of `TOKEN_LENGTH` URL-safe ASCII characters, good for `ttl_seconds` from `now` (Unix time)."""
    expiry = (ceil(now) + ttl_seconds).to_bytes(_EXPIRY_BYTES, "big")
    return _text(expiry + _signature(key, expiry))


def is_valid(key: bytes, token: str, now: float) -> bool:
    """Whether the token was issued under this key and has not expired at `now` (Unix time)."""
    if not _TOKEN.fullmatch(token):
        return False
    raw = urlsafe_b64decode(token + _PADDING)
    if _text(raw) != token:
        return False
    expiry, signature = raw[:_EXPIRY_BYTES], raw[_EXPIRY_BYTES:]
    is_ours = hmac.compare_digest(_signature(key, expiry), signature)
    return is_ours and now < int.from_bytes(expiry, "big")


def _text(raw: bytes) -> str:
    """The one spelling of it: its last character has bits to spare."""
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _signature(key: bytes, expiry: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + expiry, "sha256")
