"""Sessions as in version 2 of AWS's instance metadata service: how a token is got, when a request needs one.

| request | answer |
|---|---|
| PUT /latest/api/token with a TTL of 1 to 21600 s | 200, the token |
| the same, TTL missing or wrong | 400 |
| the same with X-Forwarded-For | 403 |
| PUT /2021-01-03/api/token | 403 |
| GET with a good token | as without one |
| GET with a good or bad token and X-Forwarded-For | 403 |
| GET with a bad token | 401 |
| GET without a token where tokens are required | 401 |

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html;
Firecracker `src/vmm/src/mmds/token_headers.rs` for the second spelling of each header.
"""

from collections.abc import Mapping, Sequence

from eve_meta import tokens
from eve_meta.exchange import FORBIDDEN, Answer, Request, not_allowed, refusal
from eve_meta.formats.ec2 import LATEST, VERSIONS
from eve_meta.formats.root import EC2
from eve_meta.tree import PLAIN
from eve_meta.vm import Service, Tokens

MAX_TTL_SECONDS = 21600
_MAX_TTL_DIGITS = len(str(MAX_TTL_SECONDS))
_TOKEN_HEADERS = {b"x-aws-ec2-metadata-token": None, b"x-metadata-token": None}.keys()
_TTL_HEADERS = {
    b"x-aws-ec2-metadata-token-ttl-seconds": b"X-Aws-Ec2-Metadata-Token-Ttl-Seconds",
    b"x-metadata-token-ttl-seconds": b"X-Metadata-Token-Ttl-Seconds",
}
_FORWARDED = b"x-forwarded-for"


def is_token_path(names: Sequence[str]) -> bool:
    """Whether tokens are asked for there, in whatever version, on either way to the EC2 tree."""
    below_ec2 = tuple(names[names[:1] == (EC2,) :])
    return below_ec2[1:] == ("api", "token") and below_ec2[0] in {*VERSIONS, LATEST}


def answer_token(service: Service, key: bytes, request: Request, names: Sequence[str], now: float) -> Answer:
    """The answer at a path for tokens."""
    if names[-3] != LATEST:
        return FORBIDDEN if request.method == b"PUT" else refusal(404)
    if request.method == b"OPTIONS":
        return Answer(200, ((b"Content-Type", PLAIN), (b"Allow", b"OPTIONS, PUT")), b"")
    if request.method != b"PUT":
        return not_allowed(b"OPTIONS", b"PUT")
    return FORBIDDEN if _FORWARDED in request.headers else _issue(service, key, request.headers, now)


def refuse_session(service: Service, key: bytes, headers: Mapping[bytes, bytes], now: float) -> Answer | None:
    """Why a request for metadata is not answered; None if it is."""
    if _TOKEN_HEADERS.isdisjoint(headers):
        return refusal(401) if service.tokens is Tokens.REQUIRED else None
    if _FORWARDED in headers:
        return FORBIDDEN
    token = next(headers[name] for name in _TOKEN_HEADERS if name in headers)
    return None if tokens.is_valid(key, token.decode("latin-1"), now) else refusal(401)


def _issue(service: Service, key: bytes, headers: Mapping[bytes, bytes], now: float) -> Answer:
    asked = next((name for name in _TTL_HEADERS if name in headers), None)
    ttl_seconds = _ttl_seconds(headers[asked]) if asked else None
    if asked is None or ttl_seconds is None:
        return refusal(400)
    told = (_TTL_HEADERS[asked], str(ttl_seconds).encode())
    token = tokens.issue(key, ttl_seconds, now).encode()
    return Answer(200, ((b"Content-Type", PLAIN), told), token, service.hop_limit)


def _ttl_seconds(value: bytes) -> int | None:
    digits = value.strip()
    if not digits.isdigit() or len(digits) > _MAX_TTL_DIGITS:
        return None
    return int(digits) if 1 <= int(digits) <= MAX_TTL_SECONDS else None
