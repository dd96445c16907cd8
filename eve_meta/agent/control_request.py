"""What a client of the control socket sends, bounded and checked."""

import json
import math
import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Never
from uuid import UUID

from twisted.web.server import Request

from eve_meta.agent.record import Wish
from eve_meta.agent.refusal import RequestError
from eve_meta.canonical import canonical
from eve_meta.contact import BODY_MAX_BYTES, WAIT_MAX_SECONDS
from eve_meta.document import parse
from eve_meta.document.notation import load, without_twins
from eve_meta.document.scalars import uuid


class ControlRequest(Request):
    """A request whose body is kept in memory up to a bound; what is beyond is read and dropped."""

    def gotLength(self, length: int | None) -> None:
        """Make room for the body, in memory: it may hold secrets, and the disk may be full."""
        del length
        self._body = self.content = BytesIO()
        self._body_is_too_long = False

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a piece of the body."""
        if self._body.tell() + len(data) > BODY_MAX_BYTES:
            self._body_is_too_long = True
        else:
            self._body.write(data)

    def wish(self) -> Wish:
        """The document in the body.

        Raises:
            RequestError: there is none.
            DocumentError: it is none in YAML, or none that can be served.
        """
        data = self._plain_data()
        vm = parse(data)
        return Wish(vm.uuid, vm.name, canonical(data))

    def _plain_data(self) -> object:
        if self._body_is_too_long:
            message = f"the document is over {BODY_MAX_BYTES} bytes long"
            raise RequestError("length", message)
        declared = (self.getHeader(b"Content-Type") or _JSON.encode()).decode("ascii", "backslashreplace")
        read = _READERS.get(declared.partition(";")[0].strip().lower())
        if read is None:
            message = f"the document must be sent as {' or '.join(_READERS)}, not as {declared}"
            raise RequestError("type", message)
        return read(self._body.getvalue())

    def wait_seconds(self) -> float:
        """The parameter `wait`.

        Raises:
            RequestError: it is no sensible time, or there are other parameters.
        """
        text = self.queried(b"wait").get(b"wait", b"0")
        seconds = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not 0 <= seconds <= WAIT_MAX_SECONDS:
            message = f"wait: must be a number of seconds from 0 to {WAIT_MAX_SECONDS}"
            raise RequestError("query", message)
        return seconds

    def uuid(self) -> UUID | None:
        """The parameter `uuid`; None if it is not there.

        Raises:
            RequestError: it is none, or there are other parameters.
        """
        text = self.queried(b"uuid").get(b"uuid")
        try:
            return None if text is None else uuid(text.decode("ascii", "replace"))
        except ValueError as error:
            message = "uuid: must be a VM's UUID, as 'eve-meta list' shows it"
            raise RequestError("query", message) from error

    def queried(self, *known: bytes) -> Mapping[bytes, bytes]:
        """The query's value of each name.

        Raises:
            RequestError: another name is in it, or one twice.
        """
        for name, values in self.args.items():
            shown = name.decode("ascii", "backslashreplace")
            if name not in known:
                message = f"{shown!r} is not a parameter of this request"
                raise RequestError("query", message)
            if len(values) > 1:
                raise RequestError("query", f"{shown}: is given twice")
        return {name: values[-1] for name, values in self.args.items()}


def _read_json(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=without_twins)
    except (ValueError, RecursionError) as error:
        raise RequestError("json", f"the document is not JSON: {error}") from error


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is none of its numbers")


_NUMBER = re.compile(rb"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_JSON = "application/json"
_READERS: Mapping[str, Callable[[bytes], object]] = {_JSON: _read_json, "application/yaml": load}
"""Source of the second: RFC 9512."""
