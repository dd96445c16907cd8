"""A small supervisor, `supervisor.py PROGRAM ARGUMENT…`, which runs a program and keeps what it leaves.

It runs it again whenever it ends, and gives it the descriptors that were handed over, as systemd does with
`Restart=always` and `FileDescriptorStoreMax=`. SIGTERM ends the program, then the supervisor.
Source: sd_notify(3), sd_listen_fds(3).
"""

import fcntl
import os
import select
import signal
import socket
import sys

FIRST_DESCRIPTOR = 3
HIGH = 512
MESSAGE_BYTES = 4096
POLL_SECONDS = 0.02


class Supervisor:
    """One program, and what it has left with us."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._store: list[tuple[str, int]] = []
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind("")
        self._address = "@" + self._told.getsockname()[1:].decode()
        self._pid = 0
        self.is_ending = False

    def run(self) -> None:
        """Run the program until we are told to end."""
        self._start()
        while True:
            ended, _ = os.waitpid(self._pid, os.WNOHANG)
            self._hear()
            if ended and self.is_ending:
                return
            if ended:
                self._start()

    def end(self, *_: object) -> None:
        """Let the program end, for good."""
        self.is_ending = True
        os.kill(self._pid, signal.SIGTERM)

    def _start(self) -> None:
        self._pid = os.fork()
        if self._pid:
            return
        count = len(self._store)
        out_of_the_way = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, HIGH) for _, descriptor in self._store]
        for place, descriptor in enumerate(out_of_the_way, FIRST_DESCRIPTOR):
            os.dup2(descriptor, place)
        os.closerange(FIRST_DESCRIPTOR + count, 1 << 16)
        given = {"NOTIFY_SOCKET": self._address, "FDSTORE": "1024", "LISTEN_PID": str(os.getpid())}
        names = {"LISTEN_FDS": str(count), "LISTEN_FDNAMES": ":".join(name for name, _ in self._store)}
        os.execve(self._command[0], self._command, os.environ | given | (names if count else {}))

    def _hear(self) -> None:
        timeout = POLL_SECONDS
        while select.select([self._told], [], [], timeout)[0]:
            said, descriptors, _, _ = socket.recv_fds(self._told, MESSAGE_BYTES, 16)
            fields = dict(line.split("=", 1) for line in said.decode().splitlines())
            if "FDSTORE" in fields:
                self._store += [(fields["FDNAME"], descriptor) for descriptor in descriptors]
            if "FDSTOREREMOVE" in fields:
                self._forget(fields["FDNAME"])
            timeout = 0.0

    def _forget(self, name: str) -> None:
        for kept, descriptor in self._store:
            if kept == name:
                os.close(descriptor)
        self._store = [each for each in self._store if each[0] != name]


if __name__ == "__main__":
    supervisor = Supervisor(sys.argv[1:])
    signal.signal(signal.SIGTERM, supervisor.end)
    supervisor.run()
