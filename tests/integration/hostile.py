"""What a hostile guest does to its metadata service, on and on, from inside.

usage: python -m tests.integration.hostile NAME
"""

import random
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from netns.wiring import INNER_MAC
from tests.hosts import IPV4, MAC, NIC
from tests.integration import frames

ADDRESS = (IPV4, 80)
GET = b"GET /latest/user-data HTTP/1.1\r\nHost: x\r\n\r\n"
MANY = 1000
FRAMES_READY = 16384


def hold() -> None:
    """Open as many connections as it can, and ask nothing."""
    held = []
    while True:
        with suppress(OSError):
            held.append(socket.create_connection(ADDRESS, timeout=1))
        if len(held) > MANY:
            held.pop(0).close()


def reconnect() -> None:
    """Ask once over each connection, as fast as it can."""
    while True:
        with suppress(OSError), socket.create_connection(ADDRESS, timeout=1) as connection:
            connection.sendall(GET)
            connection.recv(1)


def ask() -> None:
    """Ask over connections that stay open, sixteen times before it reads."""
    while True:
        with suppress(OSError), socket.create_connection(ADDRESS, timeout=1) as connection:
            while True:
                connection.sendall(GET * 16)
                if not connection.recv(2**20):
                    break


def dribble() -> None:
    """Send a byte a second over many connections."""
    held: list[socket.socket] = []
    while True:
        while len(held) < MANY // 10:
            with suppress(OSError):
                held.append(socket.create_connection(ADDRESS, timeout=1))
        for each in tuple(held):
            try:
                each.send(b"G")
            except OSError:
                held.remove(each)
        time.sleep(1)


def never_read() -> None:
    """Ask for something large over many connections, and take nothing."""
    held: list[socket.socket] = []
    while True:
        with suppress(OSError):
            connection = socket.create_connection(ADDRESS, timeout=1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(GET * 8)
            held.append(connection)
        if len(held) > MANY // 10:
            held.pop(0).close()


def talk_nonsense() -> None:
    """Send what is no request, and much of it."""
    while True:
        with suppress(OSError), socket.create_connection(ADDRESS, timeout=1) as connection:
            while select.select([], [connection], [], 1)[1]:
                connection.send(random.randbytes(65536))


def flood_syn() -> None:
    """Knock from all ports and many addresses, and never come in."""
    _flood(lambda: frames.syn(MAC, INNER_MAC, IPV4))


def flood_arp() -> None:
    """Ask for the service's hardware address."""
    _flood(lambda: frames.arp_request(MAC, INNER_MAC, IPV4))


def _flood(make: Callable[[], bytes]) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sending:
        sending.bind((NIC, 0))
        ready = [make() for _ in range(FRAMES_READY)]
        while True:
            for frame in ready:
                with suppress(OSError):
                    sending.send(frame)


ATTACKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (hold, reconnect, ask, dribble, never_read, talk_nonsense, flood_syn, flood_arp)
}

if __name__ == "__main__":
    ATTACKS[sys.argv[1]]()
