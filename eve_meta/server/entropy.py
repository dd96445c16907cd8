"""Random bytes, asked of the kernel for many guests at once: a system call takes longer than what it brings.

What is read ahead is told to one guest alone, as if it had been asked for then. Who has taken a server over
and could look at it can tell its guests what he likes anyway.
"""

import os
from typing import final

READ_BYTES = 16384


@final
class Entropy:
    """A source of random bytes, as `os.urandom` is one, of a process that is not forked after its use."""

    def __init__(self) -> None:
        self._read = b""
        self._next = 0

    def __call__(self, count: int) -> bytes:
        """So many, which nobody else has."""
        end = self._next + count
        if end > len(self._read):
            self._read = os.urandom(READ_BYTES + count)
            self._next, end = 0, count
        taken = self._read[self._next : end]
        self._next = end
        return taken
