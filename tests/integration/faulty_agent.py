"""`eve-meta`, but that one moment of its work on the kernel goes wrong, as the environment says.

EVE_META_MOMENT: "before Steer" and the like, of a step's class or of `listen`.
EVE_META_FAULT: `die`, as by SIGKILL, or `fail`, as if the kernel had refused.
"""

import errno
import os
import signal
import socket
import sys

from eve_meta.agent import service
from eve_meta.cli import main
from netns import KernelRefusedError, Step
from netns.linux import LinuxNetwork

_MOMENT, _FAULT = os.environ["EVE_META_MOMENT"], os.environ["EVE_META_FAULT"]


def _reached(moment: str) -> None:
    if moment != _MOMENT:
        return
    if _FAULT == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    raise KernelRefusedError("do as the test forbids", errno.EPERM)


class FaultyNetwork(LinuxNetwork):
    """The kernel, with a fault."""

    def apply(self, step: Step) -> None:
        """Make one change, or not."""
        _reached(f"before {type(step).__name__}")
        super().apply(step)
        _reached(f"after {type(step).__name__}")

    def listen(self, interface: str) -> socket.socket:
        """Listen, or not."""
        _reached("before listen")
        listening = super().listen(interface)
        _reached("after listen")
        return listening


if __name__ == "__main__":
    service.LinuxNetwork = FaultyNetwork  # type: ignore[attr-defined] # what the composition root names
    sys.exit(main())
