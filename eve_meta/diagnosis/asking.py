"""Asks at a port as the guest behind it would, over HTTP."""

import socket
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from attrs import evolve, frozen

from eve_meta.accesses import PROBE, printable
from eve_meta.errors import EveMetaError
from netns import METADATA_IPV4, METADATA_IPV6, NetnsError
from netns.needs import NEEDS
from netns.stand_in import StandIn, standing_in

BODY_MAX_BYTES = 64 << 20
TOKEN_SECONDS = 60

ADDRESSES = {4: str(METADATA_IPV4), 6: str(METADATA_IPV6[0])}
"""Where a guest asks that knows nothing, by the version of IP."""

_TOKEN_PATH = "/latest/api/token"  # noqa: S105 - where one gets it
SEEKING = {4: "ARP", 6: "neighbour discovery"}
_IPV6 = 6
_OK = 200


@frozen
class NoAnswerError(EveMetaError):
    """How far one came who asked.

    Attributes:
        step: what failed: "port", "neighbour", "connection", "http" or "token".
        reason: in an operator's words.
        neighbour: the hardware address of who says that it has the address that was asked, if anybody does.
    """

    step: str
    reason: str
    neighbour: str | None = None

    def __str__(self) -> str:
        return self.reason


@frozen(kw_only=True)
class How:
    """In which way to ask.

    Attributes:
        version: of IP, 4 or 6.
        seconds: how long each step may take; the kernel seeks a hardware address for three. Source: arp(7).
        gets_token: whether a session token is got before.
    """

    version: int = 4
    seconds: float = 5.0
    gets_token: bool = False


@frozen(kw_only=True)
class Reply:
    """What was answered.

    Attributes:
        headers: in their order.
        milliseconds: from before the connection to the end of the body.
        returning: the link of the host that it was taken from: the port, or where it leaves the namespace.
        neighbour: the hardware address of who answered.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    milliseconds: float
    returning: str
    neighbour: str | None


def ask(interface: str, path: str, how: How) -> Reply:
    """What the guest behind an interface would be answered at a path.

    Raises:
        NoAnswerError: nothing.
    """
    try:
        NEEDS["root"]()
        with standing_in(interface) as guest:
            return _asked(guest, path, how)
    except NetnsError as error:
        raise NoAnswerError("port", str(error)) from error


def _asked(guest: StandIn, path: str, how: How) -> Reply:
    try:
        headers = _token(guest, how) if how.gets_token else {}
        return _answer(guest, how, "GET", path, headers)
    except NoAnswerError as error:
        raise evolve(error, neighbour=guest.neighbour(ADDRESSES[how.version])) from error


def _token(guest: StandIn, how: How) -> Mapping[str, str]:
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
    reply = _answer(guest, how, "PUT", _TOKEN_PATH, lifetime)
    if reply.status != _OK:
        raise NoAnswerError("token", f"{_TOKEN_PATH} is answered {reply.status} {reply.reason}")
    return {"X-aws-ec2-metadata-token": reply.body.decode("latin-1")}


def _answer(guest: StandIn, how: How, method: str, path: str, headers: Mapping[str, str]) -> Reply:
    began = time.monotonic()
    address = ADDRESSES[how.version]
    client = HTTPConnection(f"[{address}]" if how.version == _IPV6 else address)
    client.sock = _connected(guest, how)
    try:
        client.request(method, path, headers={"User-Agent": PROBE, "Connection": "close", **headers})
        response = client.getresponse()
        body = response.read(BODY_MAX_BYTES)
    except TimeoutError as error:
        reason = f"{address} lets connect, but does not answer within {how.seconds:g} s"
        raise NoAnswerError("http", reason) from error
    except (OSError, HTTPException) as error:
        raise NoAnswerError("http", f"{address} lets connect, but does not answer: {error!r}") from error
    finally:
        client.close()
    return Reply(
        status=response.status,
        reason=printable(response.reason),
        headers=tuple((printable(name), printable(value)) for name, value in response.getheaders()),
        body=body,
        milliseconds=(time.monotonic() - began) * 1000,
        returning=guest.returning,
        neighbour=guest.neighbour(address),
    )


def _connected(guest: StandIn, how: How) -> socket.socket:
    address = ADDRESSES[how.version]
    try:
        return guest.connect(address, how.seconds)
    except OSError as error:
        mac = guest.neighbour(address)
        if mac is None:
            raise NoAnswerError(
                "neighbour", f"nobody answers {SEEKING[how.version]} for {address}"
            ) from error
        why = f"within {how.seconds:g} s" if isinstance(error, TimeoutError) else f"({error.strerror})"
        raise NoAnswerError("connection", f"{address}, at {mac}, does not let connect {why}") from error
