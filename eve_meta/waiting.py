"""Long polls: how a guest asks, in a query, to be answered once what it reads is another.

| query | answer |
|---|---|
| `wait_for_change=true` | once what is there has another tag, or is gone |
| and `last_etag=TAG` | the same; at once if what is there has another tag than this |
| and `timeout_sec=N` | the same; after N seconds what is there, in any case |
| another value of `wait_for_change` than true and false, or of `timeout_sec` than a number | 400 |
| anything else | at once |

A tag may come as it is in `ETag`, or without its quotes and its `W/`.

Source: https://cloud.google.com/compute/docs/metadata/querying-metadata; for what clients send at first
(`NONE`, `0`, nothing) https://github.com/GoogleCloudPlatform/guest-agent, `metadata/metadata.go`.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from attrs import evolve, frozen

from eve_meta.errors import EveMetaError
from eve_meta.exchange import Answer, Wait, refusal

_WAIT, _TAG, _SECONDS = "wait_for_change", "last_etag", "timeout_sec"
_WORDS = {"true": True, "false": False}
_MAX_PARAMETERS = 16
"""Of a query that is read; clients send five at most."""

_WEAK, _QUOTE = "W/", '"'


@frozen
class _MalformedError(EveMetaError):
    """A query that asks to wait in words that are none, with a parameter's name in the reason."""

    reason: str


def unless_waited(answer: Answer, tag: bytes, query: bytes) -> Answer:
    """The answer to a reading, with what its guest would rather wait for if its query says so."""
    if _WAIT.encode() not in query:
        return answer
    try:
        wait = _wait(_parameters(query.decode("latin-1")), tag)
    except _MalformedError as error:
        return refusal(400, reason=error.reason.encode())
    return evolve(answer, wait=wait)


def _parameters(query: str) -> Mapping[str, str]:
    """Those that say something here."""
    try:
        found = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise _MalformedError(f"{_WAIT}: a query with more than {_MAX_PARAMETERS} parameters") from None
    ours: dict[str, str] = {}
    for name, value in found:
        if name in ours:
            raise _MalformedError(f"{name}: more than one")
        if name in {_WAIT, _TAG, _SECONDS}:
            ours[name] = value
    return ours


def _wait(parameters: Mapping[str, str], tag: bytes) -> Wait | None:
    """What is waited for where something has a tag; None: nothing."""
    is_wanted = _WORDS.get(parameters.get(_WAIT, "false").lower())
    if is_wanted is None:
        raise _MalformedError(f"{_WAIT}: neither true nor false")
    if not is_wanted:
        return None
    seconds = _seconds(parameters.get(_SECONDS))
    is_known = _TAG not in parameters or _bare(parameters[_TAG]) == _bare(tag.decode("ascii"))
    return Wait(tag, seconds) if is_known and seconds != 0 else None


def _seconds(value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise _MalformedError(f"{_SECONDS}: no whole number of seconds")
    return int(value)


def _bare(tag: str) -> str:
    return tag.removeprefix(_WEAK).strip(_QUOTE)
