"""What a guest reports of itself by a POST: taken in, and kept for the operator; no guest reads it.

| request | answer |
|---|---|
| POST | 200, once it is kept in place of the one before |
| of another media type | 415 |
| of more than 32768 bytes | 413 |

Source: https://github.com/lf-edge/eve, `pkg/pillar/cmd/msrv/handlers.go`; cloud-init
`config/cc_phone_home.py`.
"""

from collections.abc import Mapping

from eve_meta.exchange import Answer, Post, Request, not_allowed, refusal
from eve_meta.tree import JSON, PLAIN

MAX_BYTES = 32768
"""Source: EVE, `AppInstMetadataResponseSizeLimitInBytes`."""

CUSTOM_STATUS = "app-custom-status"
KUBECONFIG = "kubeconfig"
PHONE_HOME = "phone-home"

REPORTS: Mapping[str, bytes] = {
    CUSTOM_STATUS: JSON,
    KUBECONFIG: JSON,
    PHONE_HOME: b"application/x-www-form-urlencoded",
}
"""The media type of each kind of report."""


def answer_report(kind: str, request: Request) -> Answer:
    """The answer where a report of a kind is posted."""
    if request.method != b"POST":
        return not_allowed(b"POST")
    declared = request.headers.get(b"content-type", b"")
    if declared.partition(b";")[0].strip().lower() != REPORTS[kind]:
        return refusal(415)
    if len(request.body) > MAX_BYTES:
        return refusal(413)
    return Answer(200, ((b"Content-Type", PLAIN),), b"", post=Post(kind, request.body))
