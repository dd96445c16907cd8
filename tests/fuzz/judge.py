"""What must hold of every document, whatever it is: the judge of all that is made up."""

import json

import jsonschema_rs

from eve_meta.answer import Metadata, Request, answer, paths
from eve_meta.canonical import canonical
from eve_meta.document import parse
from eve_meta.document.notation import load
from eve_meta.document.schema import document_schemas, reference
from eve_meta.errors import DocumentError

NOW = 1_700_000_000.0
KEY = bytes(32)
SCHEMA = jsonschema_rs.Draft202012Validator(
    reference("Document") | {"components": {"schemas": document_schemas()}}, validate_formats=True
)
SERVED = {200, 401, 403}
"""The second where tokens are required, the last where the VM is told nothing."""


def judge_data(data: object) -> None:
    """Data are refused in words, or are as the schema says and make a VM of which all can be asked."""
    try:
        vm = parse(data)
    except DocumentError as error:
        _check_words(error)
        return
    assert vm == parse(json.loads(canonical(data)))
    assert [] == [error.message for error in SCHEMA.iter_errors(data)]
    metadata = Metadata(vm, KEY, "password")
    asked = {
        path: answer(metadata, Request(b"GET", path.encode(), {}), NOW, bytes) for path in paths(metadata)
    }
    assert asked
    assert not {path: given.status for path, given in asked.items() if given.status not in SERVED}


def judge_text(text: bytes) -> None:
    """A text is refused in words, or stands for plain data."""
    try:
        data = load(text)
    except DocumentError as error:
        _check_words(error)
        return
    assert data == json.loads(canonical(data))
    judge_data(data)


def _check_words(error: DocumentError) -> None:
    """That they can be sent, and say something."""
    assert str(error).encode()
    assert error.reason
