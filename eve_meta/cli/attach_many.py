"""Attaches many interfaces in one call, each with its document; one that is refused does not stop the others.

Note [In which order]
    A document is read when there is room for it, so that no more than a few are in memory, and what is wrong
    with it is told like any other refusal. Those of one VM are asked for one after the other: so the last one
    in the call is the one that holds, as it would be in calls of their own. An interface that is not there
    yet is waited for when all the rest is done, and all of them together, so that nothing waits behind what
    may never come; then of one VM's documents the one holds whose interface comes last.
"""

import gc
import math
import time
from collections.abc import Iterable, Iterator
from functools import partial

import click

from eve_meta.cli.client import Client, Question, RefusedError
from eve_meta.cli.documents import vm_and_text
from eve_meta.cli.many import AT_ONCE, WAITING_AT_ONCE, Job, answered
from eve_meta.cli.pairs import Pair
from eve_meta.cli.source import read, shown
from eve_meta.cli.telling import Telling, attached, telling

_ABSENT = "no-such-interface"
_JSON = "application/json"


def attach_many(client: Client, pairs: list[Pair], wait_seconds: int, *, in_json: bool) -> int:
    """Attach them, and tell of each; the exit code.

    Raises:
        click.ClickException: the agent does not answer.
    """
    gc.enable()
    deadline = time.monotonic() + wait_seconds
    absent: list[Pair] = []
    with telling("attached", len(pairs), in_json=in_json) as told:
        for pair, error in _Round(client, told).refused(pairs):
            if wait_seconds and error.kind == _ABSENT:
                absent.append(pair)
            else:
                _tell(told, pair, error)
        for pair, error in _Round(client, told, deadline).refused(absent):
            _tell(told, pair, error)
    return told.exit_code


def _tell(told: Telling, pair: Pair, error: RefusedError) -> None:
    told.refused((pair.interface, shown(pair.document)), error)


class _Round:
    """Goes through pairs once, and waits for their interfaces until a time, if there is one."""

    def __init__(self, client: Client, told: Telling, deadline: float | None = None) -> None:
        self._client = client
        self._told = told
        self._deadline = deadline

    def refused(self, pairs: Iterable[Pair]) -> Iterator[tuple[Pair, RefusedError]]:
        """Attach them; those that the agent has refused, as it is told of the others."""
        for job, question in answered(self._jobs(pairs), WAITING_AT_ONCE if self._deadline else AT_ONCE):
            try:
                status = question.answer()
            except RefusedError as error:
                yield job.subject, error
            else:
                self._told.done("attached", attached(status), status)

    def _jobs(self, pairs: Iterable[Pair]) -> Iterator[Job[Pair]]:
        for pair in pairs:
            try:
                vm, text = vm_and_text(pair.document, read(pair.document))
            except click.ClickException as error:  # its words name the document
                self._told.refused((pair.interface,), error)
            else:
                yield Job(pair, partial(self._ask, pair, text), None if self._deadline else vm.uuid)

    def _ask(self, pair: Pair, text: bytes) -> Question:
        seconds = max(0, math.ceil(self._deadline - time.monotonic())) if self._deadline else 0
        return self._client.ask_to_attach(pair.interface, text, _JSON, seconds)
