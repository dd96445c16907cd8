"""Asks the agent over its control socket: for each question a connection, a request, an answer.

The few bytes of HTTP are written out here, because `http.client` brings TLS and e-mail along and takes longer
to import than everything else that an attach needs.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from eve_meta.contact import RUN_DIR, control_socket

_DONE = 200
"""What HTTP calls so."""

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

    def __init__(self, run_dir: Path, patience_seconds: float = ANSWER_SECONDS) -> None:
        self._socket = control_socket(run_dir)
        self._patience_seconds = patience_seconds
        self._start = (
            "start it with 'systemctl start eve-meta', or as root with 'eve-meta agent'"
            if run_dir == RUN_DIR
            else f"start it, as root, with 'eve-meta agent --run-dir {run_dir}'"
        )

    def attach(self, interface: str, document: bytes, media_type: str, wait_seconds: float) -> Any:
        """Serve a document, YAML or JSON; answers the status once a guest is answered."""
        return self.ask_to_attach(interface, document, media_type, wait_seconds).answer()

    def ask_to_attach(
        self, interface: str, document: bytes, media_type: str, wait_seconds: float
    ) -> "Question":
        """Ask for the same, and do not wait."""
        path = f"{_path_of(interface)}?wait={wait_seconds}"
        lines = (f"Content-Type: {media_type}", f"Content-Length: {len(document)}")
        return self._question("PUT", path, lines, document, wait_seconds=wait_seconds)

    def detach(self, interface: str, uuid: object = None) -> bool:
        """False when it was not attached, or if a UUID is given, not to the VM that has it."""
        return bool(self.ask_to_detach(interface, uuid).answer()["detached"])

    def ask_to_detach(self, interface: str, uuid: object = None) -> "Question":
        """Ask for the same, and do not wait; the answer is in `detached`."""
        query = f"?uuid={uuid}" if uuid else ""
        return self._question("DELETE", _path_of(interface) + query)

    def show(self, interface: str) -> Any:
        """The status of an interface."""
        return self._ask("GET", _path_of(interface))

    def requests(self, interface: str) -> Any:
        """What guests have asked there."""
        return self._ask("GET", f"{_path_of(interface)}/requests")

    def contacts(self, interface: str) -> Any:
        """`contacts`, who has shown himself there, and when."""
        return self._ask("GET", f"{_path_of(interface)}/contacts")

    def traffic(self) -> Any:
        """How much guests ask, by interface, and when that was looked at."""
        return self._ask("GET", "/v1/traffic")

    def events(self, since: int, *, follow: bool) -> Iterator[bytes]:
        """A line of JSON for each event behind that of a number; who follows is told what comes, too."""
        return self._question("GET", f"/v1/events?since={since}&follow={str(follow).lower()}").lines()

    def reports(self, interface: str) -> Any:
        """`reports`, the kind, length and time of what the guest there has reported."""
        return self._ask("GET", f"{_path_of(interface)}/reports")

    def report(self, interface: str, kind: str) -> bytes:
        """A report, as that guest has sent it."""
        return b"".join(self._question("GET", f"{_path_of(interface)}/reports/{_quoted(kind)}").lines())

    def password(self, interface: str) -> Any:
        """`password`, what the guest there has set; None if nothing."""
        return self._ask("GET", f"{_path_of(interface)}/password")

    def clear_password(self, interface: str) -> Any:
        """`cleared`, whether there was one."""
        return self._ask("DELETE", f"{_path_of(interface)}/password")

    def list(self) -> Any:
        """`interfaces`, the statuses of all, and `problems`."""
        return self._ask("GET", "/v1/interfaces")

    def _ask(self, method: str, path: str) -> Any:
        return self._question(method, path).answer()

    def _question(
        self,
        method: str,
        path: str,
        headers: tuple[str, ...] = (),
        body: bytes = b"",
        wait_seconds: float = 0,
    ) -> "Question":
        request = "\r\n".join((f"{method} {path} HTTP/1.0", *headers, "", "")).encode() + body
        patience_seconds = self._patience_seconds + wait_seconds
        question = Question(socket.socket(socket.AF_UNIX), patience_seconds, self._unreachable)
        question.send(str(self._socket), request)
        return question

    def _unreachable(self, error: Exception, patience_seconds: float) -> str:
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
                    f"the agent did not answer within {patience_seconds:.0f} s: see its log, and"
                    " 'eve-meta list'"
                )
            case ConnectionError() | ValueError() | IndexError():
                return "the agent went away before it had answered: see its log, and 'eve-meta list'"
            case _:
                return (
                    f"cannot speak to the agent ({self._socket}): {getattr(error, 'strerror', None) or error}"
                )


class Question:
    """A request that the agent has; readable, as `select` has it, once there is an answer.

    Attributes:
        patience_seconds: how long the agent may take.
    """

    def __init__(
        self,
        connection: socket.socket,
        patience_seconds: float,
        unreachable: Callable[[Exception, float], str],
    ) -> None:
        self.patience_seconds = patience_seconds
        self._connection = connection
        self._connection.settimeout(patience_seconds)
        self._unreachable = unreachable

    def fileno(self) -> int:
        """The connection's descriptor."""
        return self._connection.fileno()

    def close(self) -> None:
        """Wait no more; the agent does what it was asked for."""
        self._connection.close()

    def send(self, path: str, request: bytes) -> None:
        """Bring it to the agent.

        Raises:
            click.ClickException: the agent cannot be reached.
        """
        try:
            self._connection.connect(path)
            self._connection.sendall(request)
        except OSError as error:
            self._connection.close()
            raise click.ClickException(self._unreachable(error, self.patience_seconds)) from error

    def answer(self) -> Any:
        """What the agent answers, waited for.

        Raises:
            RefusedError: it has not done what it was asked for.
            click.ClickException: it does not answer.
        """
        with self._telling(), self._connection, self._connection.makefile("rb") as response:
            status, answer = _parsed(response.read())
        if "error" in answer:
            raise RefusedError(answer["error"])
        if status != _DONE:
            raise click.ClickException(f"the agent answered {status}, which it never should: see its log")
        return answer

    def lines(self) -> Iterator[bytes]:
        """The same of an answer that is told line by line, however long that takes.

        Raises:
            click.ClickException: it does not answer, or goes away before the answer's end.
        """
        with self._telling(), self._connection, self._connection.makefile("rb") as response:
            status = int(response.readline().split(b" ", 2)[1])
            while response.readline().strip():
                pass
            if status != _DONE:
                raise RefusedError(json.loads(response.read())["error"])
            self._connection.settimeout(None)
            yield from response

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What goes wrong while an answer is read, in words."""
        try:
            yield
        except (OSError, ValueError, IndexError) as error:
            raise click.ClickException(self._unreachable(error, self.patience_seconds)) from error


def _path_of(interface: str) -> str:
    return f"/v1/interfaces/{_quoted(interface)}"


def _quoted(name: str) -> str:
    """Every byte percent-encoded, so that none can mean anything else."""
    return "".join(f"%{byte:02X}" for byte in os.fsencode(name))


def _parsed(response: bytes) -> tuple[int, Any]:
    """Status and body.

    Raises:
        ValueError: the answer is not whole.
    """
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]) if head else 0, json.loads(body)
