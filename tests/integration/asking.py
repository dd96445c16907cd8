"""A guest that asks all the time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hosts import HOSTNAME, Guest


@contextmanager
def asking(guest: Guest) -> Iterator[list[Exception]]:
    """A guest that asks again and again; what went wrong is in the list at the end."""
    failures: list[Exception] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                guest.read(HOSTNAME)
            except Exception as error:  # noqa: BLE001 - all are told of
                failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield failures
    finally:
        ended.set()
        thread.join()
