"""The fork server: a process that has imported all that a server needs, and becomes one as often as asked.

Note [Why servers are forked]
    A server that is started as a program imports for a quarter of a second, and has all of it in memory for
    itself. A fork is there within milliseconds, after a death as well, and shares what was imported. No guest
    ever speaks to the process that is forked: no server begins with what a guest has done to another.
"""

import gc
import os
import select
import signal
import socket
from contextlib import suppress
from typing import final

from twisted.logger import Logger

from eve_meta.messages import FORKED


@final
class ForkServer:
    """Forks whenever the agent asks."""

    _log = Logger()

    def __init__(self, agent: socket.socket) -> None:
        self._agent = agent
        self._children: dict[int, int] = {}
        self._readable = select.poll()
        self._readable.register(agent, select.POLLIN)

    def wait(self) -> socket.socket | None:
        """The link of the next server that is wanted; None once the agent has gone."""
        while True:
            for descriptor, _ in self._readable.poll():
                if descriptor == self._agent.fileno():
                    return self._received()
                self._tell_end(descriptor)

    def run(self, wanted: socket.socket) -> socket.socket | None:
        """Fork for a link that is wanted, and for each that will be.

        Returns:
            In each fork its link; in the process that was forked None, once the agent has gone.
        """
        # No fork looks for garbage in what is there by now: a look would copy it.
        gc.freeze()
        gc.enable()
        link: socket.socket | None = wanted
        while link:
            pid = os.fork()
            if pid == 0:
                self._close()
                return link
            link.close()
            self._answer(pid)
            link = self.wait()
        return None

    def _received(self) -> socket.socket | None:
        with suppress(ConnectionError):
            _, descriptors, _, _ = socket.recv_fds(self._agent, 1, 1)
            for each in descriptors:
                return socket.socket(fileno=each)
        return None

    def _answer(self, pid: int) -> None:
        child = os.pidfd_open(pid)
        self._children[child] = pid
        self._readable.register(child, select.POLLIN)
        # Where the agent has gone, there is nobody to answer, and it is found out next.
        with suppress(ConnectionError):
            socket.send_fds(self._agent, [FORKED.pack(pid)], [child])

    def _tell_end(self, child: int) -> None:
        """Let the kernel forget a server that has ended."""
        self._readable.unregister(child)
        _, status = os.waitpid(self._children.pop(child), 0)
        os.close(child)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            self._log.error("a server was ended by {signal}", signal=name)
        elif status:
            self._log.error("a server ended with exit code {code}", code=os.WEXITSTATUS(status))

    def _close(self) -> None:
        """Let go of what is the forked process's own."""
        self._agent.close()
        for each in self._children:
            os.close(each)
