"""Asks the agent for many things, several at a time, and takes the answers as they come."""

import select
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from eve_meta.cli.client import Question

T = TypeVar("T")

AT_ONCE = 8
"""More gain nothing: the agent asks the kernel for one thing at a time, and four keep it busy (37 ms for each
of 200, where one alone took 45, and 32 took 37). Who asks for something else meanwhile waits behind these."""

WAITING_AT_ONCE = 256
"""Of those that wait for an interface, which costs the agent nothing; half of the clients that it takes."""


class Job(NamedTuple, Generic[T]):
    """One thing to be asked for.

    Attributes:
        subject: what it is about.
        ask: asks for it.
        vm: no two jobs of one are under way at the same time, so they are done in their order.
    """

    subject: T
    ask: Callable[[], Question]
    vm: object = None


def answered(jobs: Iterable[Job[T]], at_once: int) -> Iterator[tuple[Job[T], Question]]:
    """The jobs, each when the answer to its question is there, so many under way at the same time.

    The next is taken from `jobs` only when there is room for it.
    """
    under_way: dict[Question, Job[T]] = {}
    try:
        for job in jobs:
            while len(under_way) >= at_once or _is_busy(job.vm, under_way.values()):
                yield from _next(under_way)
            under_way[job.ask()] = job
        while under_way:
            yield from _next(under_way)
    finally:
        for each in under_way:
            each.close()


def _is_busy(vm: object, under_way: Iterable[Job[T]]) -> bool:
    return vm is not None and any(each.vm == vm for each in under_way)


def _next(under_way: dict[Question, Job[T]]) -> Iterator[tuple[Job[T], Question]]:
    patience_seconds = max(each.patience_seconds for each in under_way)
    readable, _, _ = select.select(under_way, [], [], patience_seconds)
    # Where none is answered in time, who waits for the oldest is told so.
    for question in readable or [next(iter(under_way))]:
        yield under_way.pop(question), question
