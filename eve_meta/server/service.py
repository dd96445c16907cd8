"""Composition root of a server: the doors, and the link to the agent that opens them."""

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import ServerFactory

from eve_meta.limits import Limits
from eve_meta.server.doors import Doors
from eve_meta.server.link import AgentLink


def serve(agent: socket.socket, reactor: Any, limits: Limits, on_agent_lost: Callable[[], None]) -> Doors:
    """Do what the agent at the other end of a socket asks, until it is gone.

    The reactor adopts sockets and tells the time.
    Nothing is closed then: a process that ends lets guests read what was sent, a closed door does not.
    """
    doors = Doors(reactor, limits)
    link = AgentLink(doors, reactor, on_agent_lost)
    doors.keep = link.keep
    doors.tell_milestone = link.tell_milestone
    doors.startService()
    with agent:
        agent.setblocking(False)  # noqa: FBT003 - the socket module's way
        reactor.adoptStreamConnection(
            agent.fileno(),
            agent.family,
            ServerFactory.forProtocol(lambda: link),
        )
    return doors
