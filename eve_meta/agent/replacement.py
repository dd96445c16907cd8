"""An agent that goes on as another program: the one that is installed by now, in the same process."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, final

from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger

from eve_meta.agent.successor import command
from eve_meta.agent.supervisor import hand_on

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

SIGNAL = signal.SIGUSR2
"""Asks for it."""


@final
class Replacement:
    """Ends the agent, keeps its sockets, and runs the same command anew.

    Attributes:
        is_wanted: whether the agent ends to be replaced.
    """

    _log = Logger()

    def __init__(
        self,
        objection: Callable[[], "Deferred[str]"],
        copies_of_sockets: Callable[[], Mapping[str, int]],
        stop: Callable[[], None],
    ) -> None:
        """Take what it needs of the agent.

        Args:
            objection: fires with why the next program would not run; empty if it would.
            copies_of_sockets: descriptors of what the next program listens on, by name.
            stop: ends the agent; raises `ReactorNotRunning` if it ends by itself already.
        """
        self.is_wanted = False
        self._is_asked = False
        self._objection = objection
        self._copies_of_sockets = copies_of_sockets
        self._stop = stop
        self._sockets: Mapping[str, int] = {}

    def ask(self) -> None:
        """Have the agent replaced, if the next program would run; else it goes on as it is."""
        if not self._is_asked:
            self._is_asked = True
            asked = self._objection().addCallback(self._decide)
            asked.addErrback(lambda failure: self._log.failure("could not be replaced", failure))

    def _decide(self, objection: str) -> None:
        if objection:
            self._is_asked = False
            self._log.warn("goes on as it is, the next program would not run: {why}", why=objection)
            return
        try:
            self._stop()
        except ReactorNotRunning:
            return
        self.is_wanted = True
        self._sockets = self._copies_of_sockets()
        self._log.info("replaced by the program that is installed by now")

    def make(self) -> int:
        """Become the next program; an exit code if there is none."""
        environment = os.environ | hand_on(self._sockets)
        # Ignored until the next program listens to it: who asks twice is not to end it.
        signal.signal(SIGNAL, signal.SIG_IGN)
        try:
            os.execve(sys.executable, command(), environment)  # noqa: S606 - no shell
        except OSError as error:
            sys.stderr.write(f"eve-meta: cannot run {sys.executable}: {error.strerror}\n")
            return 1
