"""Scalars of a document: each function reads plain data, or raises ValueError with what would be right."""

import json
import re
from binascii import Error, a2b_base64
from uuid import UUID

from eve_meta.vm import (
    CERTIFICATE,
    DevicePath,
    Hostname,
    InstanceId,
    JsonObject,
    Line,
    TagKey,
    Text,
)

_SHOWN_CHARACTERS = 40
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_HOSTNAME_LENGTH = 253
_INSTANCE_ID = re.compile(r"i-[0-9A-Za-z-]+")
_TAG_KEY = re.compile(r"[0-9A-Za-z+\-.,_:@]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def shown(value: object) -> str:
    """A value in the words of an operator who looks at YAML."""
    match value:
        case None:
            words = "nothing"
        case bool():
            words = f"the boolean {str(value).lower()}"
        case int() | float():
            words = f"the number {value}"
        case str():
            words = f"the text {_quoted(value)}"
        case _:
            words = "a list" if isinstance(value, list) else "a mapping"
    return words


def expected(what: str, value: object) -> ValueError:
    """The error of a value that is something else."""
    hint = ": quote it" if what == "text" and isinstance(value, bool | int | float) else ""
    return ValueError(f"expected {what}, got {shown(value)}{hint}")


def expected_of_secret(what: str, value: object) -> ValueError:
    """The same where text that stands in a wrong place may be a secret, which no error quotes."""
    return ValueError(f"expected {what}, got text") if isinstance(value, str) else expected(what, value)


def text(value: object) -> str:
    """Text of any kind."""
    if not isinstance(value, str):
        raise expected("text", value)
    return value


def sequence(value: object) -> list[object]:
    """A list."""
    if not isinstance(value, list):
        raise expected_of_secret("a list", value)
    return value


def mapping(value: object) -> dict[str, object]:
    """A mapping; that its keys are text has been seen by `plain`."""
    if not isinstance(value, dict):
        raise expected_of_secret("a mapping", value)
    return value


def line(value: object) -> Line:
    """Text for one line."""
    content = text(value)
    if not content:
        raise ValueError("is empty: leave it out")
    if found := _CONTROL.search(content):
        raise ValueError(f"must be one line without control characters, but holds {found.group()!a}")
    return Line(content)


def prose(value: object) -> Text:
    """Text of any number of lines."""
    content = text(value)
    if found := _CONTROL_IN_TEXT.search(content):
        raise ValueError(f"must be without control characters, but holds {found.group()!a}")
    return Text(content)


def key_text(value: object) -> Text:
    """The text of a public key, without the blanks around it: an SSH key is one line of authorized_keys."""
    content = prose(value).strip()
    if not content:
        raise ValueError("is empty: leave it out")
    if not content.startswith(CERTIFICATE) and (found := _CONTROL.search(content)):
        raise ValueError(f"an SSH key must be one line, but holds {found.group()!a}: give each key a name")
    return Text(content)


def key_name(value: object) -> Line:
    """The name of a public key."""
    name = line(value)
    if "=" in name:
        raise ValueError("a key's name must be without '=', where clients split the index of keys")
    return name


def whole_number(value: object, low: int, high: int) -> int:
    """A number between two others, both included."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise expected("a whole number", value)
    if not low <= value <= high:
        raise ValueError(f"expected a number from {low} to {high}, got {value}")
    return value


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise expected("true or false", value)
    return value


def uuid(value: object) -> UUID:
    """A UUID in its usual form. Source: RFC 9562 section 4."""
    return UUID(like(_UUID, value, "a UUID like 12345678-1234-1234-1234-123456789abc"))


def hostname(value: object) -> Hostname:
    """A host name, with or without its domain. Source: RFC 1123 section 2.1."""
    name = text(value)
    if len(name) > _HOSTNAME_LENGTH:
        raise ValueError(f"is longer than {_HOSTNAME_LENGTH} characters")
    for label in name.split("."):
        if not _LABEL.fullmatch(label):
            raise ValueError(
                f"{_quoted(label)} is no label of a host name: 1 to 63 letters, digits and inner hyphens, "
                "labels joined by dots"
            )
    return Hostname(name)


def instance_id(value: object) -> InstanceId:
    """An EC2 instance's name."""
    return InstanceId(
        like(_INSTANCE_ID, value, "'i-' and letters or digits: some clients wait for this prefix")
    )


def tag_key(value: object) -> TagKey:
    """The last name of a path."""
    what = "1 to 255 letters, digits and '+-.,_:@', since it is part of a path"
    key = like(_TAG_KEY, value, what)
    if key in {".", ".."}:
        raise expected(what, value)
    return TagKey(key)


def device_path(value: object) -> DevicePath:
    """Where a file stands in the guest: Unix or Windows."""
    path = line(value)
    if not path.startswith("/") and not re.match(r"[A-Za-z]:[\\/]", path):
        raise expected("an absolute path", value)
    return DevicePath(path)


def json_text(value: object) -> str:
    """JSON text with nova's separators and escapes."""
    return json.dumps(value)


def json_object(value: object) -> JsonObject:
    """JSON text of a mapping."""
    return JsonObject(json_text(mapping(value)))


def tag_value(value: object) -> str:
    """The value of a tag, maybe empty."""
    return line(value) if value else text(value)


def base64(value: object) -> bytes:
    """Bytes in base64, over any number of lines. Source: RFC 4648 section 4."""
    content = "".join(text(value).split())
    try:
        return a2b_base64(content.encode("ascii"), strict_mode=True)
    except (Error, UnicodeEncodeError) as error:
        raise expected_of_secret("base64", value) from error


def like(pattern: re.Pattern[str], value: object, what: str) -> str:
    """Text of a pattern."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise expected(what, value)
    return value


def _quoted(value: str) -> str:
    cut = value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 1] + "…"
    return repr(cut)
