"""The path that a request-target names, as a sequence of names.

A path is decoded once, then normalised: empty names and `.` vanish, `..` takes back the name before it, and
nothing leads above the root. The query is ignored, as nova and AWS ignore it.
"""

from urllib.parse import unquote_to_bytes

from attrs import frozen

from eve_meta.errors import EveMetaError

_SCHEMES = (b"http://", b"https://")


@frozen
class MalformedTargetError(EveMetaError):
    """A request-target that names no path."""


def names_in(target: bytes) -> tuple[str, ...]:
    """The names in the path of a request-target in origin-form or absolute-form.

    Source: RFC 9112 section 3.2; RFC 3986 sections 2.1 and 5.2.4.

    Raises:
        MalformedTargetError: another form, or not UTF-8.
    """
    path, _, _ = _without_authority(target).partition(b"?")
    try:
        return _normalised(unquote_to_bytes(path).decode())
    except UnicodeDecodeError as error:
        raise MalformedTargetError from error


def _without_authority(target: bytes) -> bytes:
    if target.startswith(b"/"):
        return target
    if not target.lower().startswith(_SCHEMES):
        raise MalformedTargetError
    rest = target.partition(b"://")[2]
    slash, query = rest.find(b"/"), rest.find(b"?")
    return b"/" if slash < 0 or 0 <= query < slash else rest[slash:]


def _normalised(path: str) -> tuple[str, ...]:
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del names[-1:]
        elif name not in {"", "."}:
            names.append(name)
    return tuple(names)
