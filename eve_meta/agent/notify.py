"""What the agent tells the supervisor that started it: systemd, or whatever else speaks its protocol.

Source: sd_notify(3).
"""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import final

from twisted.logger import Logger

WAIT_SECONDS = 1.0
"""How long a supervisor that is busy may hold the agent up."""


@final
class Notifier:
    """Tells a supervisor how its service is; says nothing where there is none.

    A supervisor that cannot be told is no reason to stop: it is logged, once until it can be told again.
    """

    _log = Logger()

    def __init__(self, address: str | None) -> None:
        """Take the path of a supervisor's socket, an abstract one with `@` before it; None: there is none."""
        self._address = address
        self._is_heard = True

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> "Notifier":
        """The one that tells the supervisor which `NOTIFY_SOCKET` names, if any does."""
        return Notifier(environ.get("NOTIFY_SOCKET") or None)

    def tell(self, **fields: str) -> None:
        """Tell the supervisor something, as in `tell(READY="1")`; each value is one line."""
        self.tell_with((), **fields)

    def tell_with(self, descriptors: Sequence[int], **fields: str) -> None:
        """Tell the supervisor something, and hand it descriptors, 253 at most; they stay open here too."""
        if self._address is None:
            return
        said = "\n".join(f"{name}={value}" for name, value in fields.items()).encode()
        try:
            self._send(self._address, said, descriptors)
        except OSError as error:
            self._not_heard(error)
        else:
            self._is_heard = True

    def _send(self, address: str, said: bytes, descriptors: Sequence[int]) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
            # Connected, or it would be polled in a busy loop while the supervisor's queue is full.
            supervisor.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            supervisor.settimeout(WAIT_SECONDS)
            socket.send_fds(supervisor, [said], descriptors)

    def _not_heard(self, error: OSError) -> None:
        if self._is_heard:
            reason = os.strerror(error.errno) if error.errno else str(error)
            self._log.warn(
                "the supervisor at {address} is not told: {reason}", address=self._address, reason=reason
            )
        self._is_heard = False
