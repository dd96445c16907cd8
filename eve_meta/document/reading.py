"""Plain data -> `VM`, in the steps that a document is read in."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable

from eve_meta.document.plain import check_plain
from eve_meta.document.problems import Path, Problem, field_of, first_error
from eve_meta.document.rules import broken_rules
from eve_meta.document.structure import StructureError, T, structure
from eve_meta.document.verbatim import NetworkData, broken_network_rules
from eve_meta.errors import DocumentError
from eve_meta.vm import VM

_FILE = "file"
_NETWORK_DATA: Path = ("network_data",)
_BASE64 = "base64"


def inline(data: object, read: Callable[[str], bytes]) -> object:
    """The data with the content of each file that `user_data` and `files` name by `file`.

    Raises:
        DocumentError: `read` raised OSError; the field and the file are named.
    """
    if not isinstance(data, dict):
        return data
    whole = dict(data)
    if "user_data" in whole:
        whole["user_data"] = _inlined(whole["user_data"], ("user_data",), read)
    if isinstance(whole.get("files"), list):
        whole["files"] = [_inlined(file, ("files", place), read) for place, file in enumerate(whole["files"])]
    return whole


def parse(data: object) -> VM:
    """The VM that plain data describe.

    Raises:
        DocumentError: they describe none; of several errors, the first in the order of the document.
    """
    check_plain(data)
    vm = _structured(data, VM)
    _refuse(broken_rules(vm), data)
    if vm.network_data is not None:
        _check_network_data(json.loads(vm.network_data))
    return vm


def _inlined(value: object, path: Path, read: Callable[[str], bytes]) -> object:
    if not isinstance(value, dict) or not isinstance(value.get(_FILE), str) or _BASE64 in value:
        return value
    name = value[_FILE]
    try:
        content = read(name)
    except OSError as error:
        raise DocumentError(field_of((*path, _FILE)), f"cannot read {name!r}: {error.strerror}") from error
    return {key: it for key, it in value.items() if key != _FILE} | {_BASE64: b64encode(content).decode()}


def _structured(data: object, kind: type[T], above: Path = ()) -> T:
    try:
        return structure(data, kind)
    except StructureError as error:
        raise first_error(error.problems, data, above) from error


def _refuse(problems: Iterable[Problem], data: object, above: Path = ()) -> None:
    found = tuple(problems)
    if found:
        raise first_error(found, data, above)


def _check_network_data(data: object) -> None:
    network_data = _structured(data, NetworkData, _NETWORK_DATA)
    _refuse(broken_network_rules(network_data), data, _NETWORK_DATA)
