"""`python -m eve_meta.server`: a server as the agent starts it, with the agent's socket as descriptor 3."""

import signal

# A terminal sends it to agent and servers alike. It is for the agent, which ends its servers.
signal.signal(signal.SIGINT, signal.SIG_IGN)

import argparse
import os
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from eve_meta.log import start_logging
from eve_meta.server.confine import ConfineError, confine, forbid_new_privileges, limit_resources
from eve_meta.server.service import serve

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorSocket

AGENT_DESCRIPTOR = 3


def main() -> None:
    """Give up privilege, then serve until the agent is gone or a signal says so."""
    options = _options()
    try:
        agent = _agent()
        # Before confinement: the journal is out of reach afterwards, but stays connected.
        start_logging(sys.stderr, os.environ)
        if options.unconfined:
            limit_resources()
            forbid_new_privileges()
        else:
            confine(options.root, options.user)
    except (ConfineError, OSError) as error:
        sys.exit(f"eve-meta server: {error}")
    doors = serve(agent, cast("IReactorSocket", reactor), reactor, _stop)
    leave = partial(doors.leave, are_sockets_kept=options.kept)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(leave()))
    reactor.run()


def _agent() -> socket.socket:
    try:
        return socket.socket(fileno=AGENT_DESCRIPTOR)
    except OSError:
        raise ConfineError(
            f"descriptor {AGENT_DESCRIPTOR} is no socket: only an agent can start a server"
        ) from None


def _stop() -> None:
    if reactor.running:
        reactor.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="eve_meta.server", description="Started by the eve-meta agent, not by hand."
    )
    parser.add_argument("--user", default="nobody", help="the user to become (default: %(default)s)")
    parser.add_argument(
        "--kept", action="store_true", help="somebody keeps the sockets when agent and servers have ended"
    )
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--root", type=Path, help="an empty directory to be confined to")
    place.add_argument(
        "--unconfined", action="store_true", help="keep user and file system: for tests, without root"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
