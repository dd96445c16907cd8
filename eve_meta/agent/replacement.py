"""An agent that goes on as another program: the one that is installed by now, in the same process."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import final

from twisted.logger import Logger

from eve_meta.agent.supervisor import hand_on

SIGNAL = signal.SIGUSR2
"""Asks for it."""


@final
class Replacement:
    """Ends the agent, keeps its sockets, and runs the same command anew.

    Attributes:
        is_wanted: whether the agent ends to be replaced.
    """

    _log = Logger()

    def __init__(self, copies_of_sockets: Callable[[], Mapping[str, int]], stop: Callable[[], None]) -> None:
        self.is_wanted = False
        self._copies_of_sockets = copies_of_sockets
        self._stop = stop
        self._sockets: Mapping[str, int] = {}

    def prepare(self) -> None:
        """Hold on to what the next program needs, and let the agent end."""
        if not self.is_wanted:
            self.is_wanted = True
            self._sockets = self._copies_of_sockets()
            self._log.info("replaced by the program that is installed by now")
            self._stop()

    def make(self) -> int:
        """Become the next program; an exit code if there is none."""
        environment = os.environ | hand_on(self._sockets)
        # Ignored until the next program listens to it: who asks twice is not to end it.
        signal.signal(SIGNAL, signal.SIG_IGN)
        try:
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - no shell
        except OSError as error:
            sys.stderr.write(f"eve-meta: cannot run {sys.executable}: {error.strerror}\n")
            return 1
