"""`python -m eve_meta.server`: the fork server as the agent starts it, with its socket as descriptor 3."""

import gc
import signal

# A terminal sends it to agent and servers alike. It is for the agent, which ends its servers.
signal.signal(signal.SIGINT, signal.SIG_IGN)
# What is imported stays: to look for garbage in it takes an eighth of the start.
gc.disable()

import argparse
import os
import socket
import sys
from functools import partial
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.main import installReactor

from eve_meta.errors import SettingError
from eve_meta.limits import Limits, changed
from eve_meta.log import start_logging
from eve_meta.server.confine import (
    ConfineError,
    confine,
    forbid_new_privileges,
    forbid_processes,
    limit_resources,
)
from eve_meta.server.forks import ForkServer
from eve_meta.server.reactor import GuestReactor
from eve_meta.server.seccomp import FORKING, SERVING, Filter, SeccompError
from eve_meta.server.service import serve
from eve_meta.settings import LOGS

AGENT_DESCRIPTOR = 3


def main() -> None:
    """Give up privilege once a server is wanted, and be a server in each fork."""
    options = _options()
    try:
        limits = changed(options.limit)
        forks = ForkServer(_agent())
        wanted = forks.wait()
        if wanted is None:
            return
        # Before confinement: the journal is out of reach afterwards, but stays connected.
        start_logging(sys.stderr, os.environ, options.log)
        forking, serving = Filter(FORKING), Filter(SERVING)
        if options.unconfined:
            limit_resources()
            forbid_new_privileges()
        else:
            confine(options.root, options.user)
        forking.load()
    except (ConfineError, SeccompError, SettingError, OSError) as error:
        sys.exit(f"eve-meta server: {error}")
    link = forks.run(wanted)
    if link:
        forbid_processes()
        serving.load()
        _serve(link, limits, are_sockets_kept=options.kept)


def _serve(link: socket.socket, limits: Limits, *, are_sockets_kept: bool) -> None:
    """Serve until the agent is gone or a signal says so."""
    # Not shared: a reactor that was forked would be told what happens to another's descriptors.
    reactor = GuestReactor()
    installReactor(reactor)

    def stop() -> None:
        if reactor.running:
            reactor.stop()

    doors = serve(link, reactor, limits, stop)
    leave = partial(doors.leave, are_sockets_kept=are_sockets_kept)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(leave()))
    reactor.run()


def _agent() -> socket.socket:
    try:
        return socket.socket(fileno=AGENT_DESCRIPTOR)
    except OSError:
        raise ConfineError(
            f"descriptor {AGENT_DESCRIPTOR} is no socket: only an agent can start a server"
        ) from None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="eve_meta.server", description="Started by the eve-meta agent, not by hand."
    )
    parser.add_argument("--user", default="nobody", help="the user to become (default: %(default)s)")
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=NUMBER", help="not the usual one"
    )
    parser.add_argument(
        "--kept", action="store_true", help="somebody keeps the sockets when agent and servers have ended"
    )
    parser.add_argument("--log", choices=LOGS, default=LOGS[0], help="how events are written")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--root", type=Path, help="an empty directory to be confined to")
    place.add_argument(
        "--unconfined", action="store_true", help="keep user and file system: for tests, without root"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
