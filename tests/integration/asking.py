"""Somebody who asks all the time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.hosts import HOSTNAME, Guest


def asking(guest: Guest) -> AbstractContextManager[list[Exception]]:
    """A guest that asks again and again; what went wrong is in the list at the end."""
    return repeating(lambda: guest.read(HOSTNAME))


@contextmanager
def repeating(do: Callable[[], object]) -> Iterator[list[Exception]]:
    """Something that is done again and again; what went wrong is in the list at the end."""
    failures: list[Exception] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                do()
            except Exception as error:  # noqa: BLE001 - all are told of
                failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield failures
    finally:
        ended.set()
        thread.join()
