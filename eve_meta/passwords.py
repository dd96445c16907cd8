"""The password of a guest: set by the guest itself, as a rule encrypted to its public key; read on the host.

| request | answer |
|---|---|
| GET | 200, the password; empty: none is set |
| POST where none is set | 200, once it is kept |
| the same, of more than 1020 bytes or not in UTF-8 | 400 |
| POST where one is set | 409 |

Source: nova `api/metadata/password.py`; cloudbase-init `metadata/services/httpservice.py`.
"""

from eve_meta.etags import IF_NONE_MATCH, etag, unless_known
from eve_meta.exchange import Answer, Post, Request, not_allowed, refusal
from eve_meta.tree import PLAIN

PASSWORD = "password"  # noqa: S105 - a kind
"""As a kind of what is posted."""

MAX_BYTES = 1020
"""Source: nova `api/metadata/password.py`, four fields of 255 bytes."""

ALREADY_SET = refusal(409)
NOT_KEPT = refusal(503)


def answer_password(password: str, request: Request) -> Answer:
    """The answer where a VM's password is read and set; `password` is empty while none is set."""
    if request.method in {b"GET", b"HEAD"}:
        tag = etag(password.encode())
        read = Answer(200, ((b"Content-Type", PLAIN), (b"ETag", tag)), password.encode())
        known = request.headers.get(IF_NONE_MATCH)
        return read if known is None else unless_known(read, tag, known)
    if request.method != b"POST":
        return not_allowed(b"GET", b"HEAD", b"POST")
    return ALREADY_SET if password else _set(request.body)


def _set(body: bytes) -> Answer:
    if len(body) > MAX_BYTES:
        return refusal(400)
    try:
        body.decode()
    except UnicodeDecodeError:
        return refusal(400)
    return Answer(200, ((b"Content-Type", PLAIN),), b"", post=Post(PASSWORD, body) if body else None)
