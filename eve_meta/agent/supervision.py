"""Being supervised: when the agent is ready, that it still works, and when it stops.

Note [Ready]
    Ready is an agent that has looked at each interface which should be answered, whatever it found: one may
    be absent, as its VM is, or refused. What starts after us, VMs above all, so finds its metadata served.
    But no interface holds a host's start up for ever: after `READY_SECONDS` the agent is ready as it is.

Note [Alive]
    The supervisor is told that the agent works by a round through all that could hang: the reactor asks the
    kernel's thread to do nothing, and tells when that is done. Who hangs is silent, and started again.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import final

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from eve_meta.agent.kernel import Call
from eve_meta.agent.lifecycle import Lifecycle
from eve_meta.agent.notify import Notifier
from eve_meta.agent.status import State

READY_SECONDS = 30.0

_MICROSECONDS = 1e6


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    """How long a process may be silent before its supervisor takes it for hung; None: for ever.

    Source: sd_watchdog_enabled(3).
    """
    whose, limit = environ.get("WATCHDOG_PID", str(pid)), environ.get("WATCHDOG_USEC", "")
    return int(limit) / _MICROSECONDS if whose == str(pid) and limit.isdecimal() else None


@final
class Supervision(Service):
    """Tells a supervisor how the agent is; started after all of it, and stopped before.

    Attributes:
        is_replaced: whether another program goes on in this process when the agent has stopped.
    """

    is_replaced = False
    _log = Logger()
    _readying: Deferred[None]

    def __init__(
        self,
        notifier: Notifier,
        silence_seconds: float | None,
        lifecycle: Lifecycle,
        call: Call,
        clock: IReactorTime,
    ) -> None:
        """Take who is told, and what of.

        Args:
            notifier: who is told.
            silence_seconds: see `watchdog_seconds`.
            lifecycle: what is served.
            call: makes a call where the kernel's are made.
            clock: the clock.
        """
        self._notifier = notifier
        self._silence_seconds = silence_seconds
        self._lifecycle = lifecycle
        self._call = call
        self._pinging = LoopingCall(self._ping)
        self._pinging.clock = clock
        self._clock = clock

    def startService(self) -> None:
        """Tell that the agent is ready once it is, and that it works from now on."""
        super().startService()
        self._readying = Deferred.fromCoroutine(self._tell_ready())
        self._readying.addErrback(lambda failure: failure.trap(CancelledError))
        if self._silence_seconds:
            pinging = self._pinging.start(self._silence_seconds / 2)
            pinging.addErrback(lambda failure: self._log.failure("the supervisor is told no more", failure))

    def stopService(self) -> None:
        """Tell that the agent stops, or is not ready until its next program says so."""
        super().stopService()
        self._readying.cancel()
        if self._pinging.running:
            self._pinging.stop()
        if self.is_replaced:
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            self._notifier.tell(RELOADING="1", MONOTONIC_USEC=str(now))
        else:
            self._notifier.tell(STOPPING="1")

    async def _tell_ready(self) -> None:
        with suppress(TooLateError):
            settled = Deferred.fromCoroutine(self._lifecycle.settled())
            await settled.addTimeout(READY_SECONDS, self._clock)
        self._notifier.tell(READY="1", STATUS=self._status())

    async def _ping(self) -> None:
        await self._call(lambda: None)
        self._notifier.tell(WATCHDOG="1", STATUS=self._status())

    def _status(self) -> str:
        states = [each.state for each in self._lifecycle.statuses()]
        return f"{states.count(State.OPEN)} of {len(states)} attached interfaces are answered"
