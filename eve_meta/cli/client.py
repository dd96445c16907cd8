"""Asks the agent over its control socket: a connection, a request, an answer.

The few bytes of HTTP are written out here, because `http.client` brings TLS and e-mail along and takes longer
to import than everything else that an attach needs.
"""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from eve_meta.contact import control_socket

ANSWER_SECONDS = 60
"""How long an agent may take over what it can do at once; many VMs may be starting."""


class RefusedError(click.ClickException):
    """The agent's answer to what it did not do."""

    def __init__(self, error: Mapping[str, str]) -> None:
        field = error.get("field")
        super().__init__(f"{field}: {error['message']}" if field else error["message"])
        self.kind = error["kind"]


class Client:
    """The agent with a run directory. Every method raises `click.ClickException` in words for an operator."""

    def __init__(self, run_dir: Path) -> None:
        self._socket = control_socket(run_dir)
        self._start = f"start it, as root, with 'eve-meta agent --run-dir {run_dir}'"

    def attach(self, interface: str, document: bytes, media_type: str, wait_seconds: int) -> Any:
        """Serve a document, YAML or JSON; answers the status once a guest is answered."""
        path = f"{_path_of(interface)}?wait={wait_seconds}"
        lines = (f"Content-Type: {media_type}", f"Content-Length: {len(document)}")
        return self._ask("PUT", path, lines, document, patience_seconds=ANSWER_SECONDS + wait_seconds)

    def detach(self, interface: str, uuid: object = None) -> bool:
        """False when it was not attached, or if a UUID is given, not to the VM that has it."""
        query = f"?uuid={uuid}" if uuid else ""
        return bool(self._ask("DELETE", _path_of(interface) + query)["detached"])

    def show(self, interface: str) -> Any:
        """The status of an interface."""
        return self._ask("GET", _path_of(interface))

    def password(self, interface: str) -> Any:
        """`password`, what the guest there has set; None if nothing."""
        return self._ask("GET", f"{_path_of(interface)}/password")

    def clear_password(self, interface: str) -> Any:
        """`cleared`, whether there was one."""
        return self._ask("DELETE", f"{_path_of(interface)}/password")

    def list(self) -> Any:
        """`interfaces`, the statuses of all, and `problems`."""
        return self._ask("GET", "/v1/interfaces")

    def _ask(
        self,
        method: str,
        path: str,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
        patience_seconds: int = ANSWER_SECONDS,
    ) -> Any:
        request = "\r\n".join((f"{method} {path} HTTP/1.0", *headers, "", "")).encode() + body
        try:
            status, answer = _parsed(self._exchanged(request, patience_seconds))
        except (OSError, ValueError) as error:
            raise click.ClickException(self._unreachable(error, patience_seconds)) from error
        if "error" in answer:
            raise RefusedError(answer["error"])
        if status != 200:  # noqa: PLR2004 - what HTTP calls done
            raise click.ClickException(f"the agent answered {status}, which it never should: see its log")
        return answer

    def _exchanged(self, request: bytes, patience_seconds: int) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience_seconds)
            connection.connect(str(self._socket))
            connection.sendall(request)
            with connection.makefile("rb") as answer:
                return answer.read()

    def _unreachable(self, error: Exception, patience_seconds: int) -> str:
        match error:
            case FileNotFoundError():
                return f"the agent is not running (there is no {self._socket}): {self._start}"
            case ConnectionRefusedError():
                return f"the agent is not running (nobody listens on {self._socket}): {self._start}"
            case PermissionError():
                return (
                    f"this user may not speak to the agent ({self._socket}): run eve-meta as root, or in the"
                    " group that the agent was given"
                )
            case TimeoutError():
                return (
                    f"the agent did not answer within {patience_seconds} s: see its log, and 'eve-meta list'"
                )
            case ConnectionError() | ValueError():
                return "the agent went away before it had answered: see its log, and 'eve-meta list'"
            case _:
                return (
                    f"cannot speak to the agent ({self._socket}): {getattr(error, 'strerror', None) or error}"
                )


def _path_of(interface: str) -> str:
    """Every byte percent-encoded, so that none can mean anything else."""
    return "/v1/interfaces/" + "".join(f"%{byte:02X}" for byte in os.fsencode(interface))


def _parsed(response: bytes) -> tuple[int, Any]:
    """Status and body.

    Raises:
        ValueError: the answer is not whole.
    """
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]) if head else 0, json.loads(body)
