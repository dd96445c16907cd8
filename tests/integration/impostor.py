"""A guest that speaks TCP by hand: its addresses and each of its frames are as it likes."""

import itertools
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from ipaddress import ip_address

from attrs import define, field, frozen

from netns.wiring import INNER_MAC
from tests.hosts import NIC, Guest
from tests.integration import packets
from tests.integration.frames import FRAME_BYTES, packet_socket
from tests.integration.packets import ACK, FIN, PUSH, SYN, Segment

Disguise = Callable[[bytes], Iterable[bytes]]
"""The frames that are sent in place of one."""

Tags = tuple[tuple[int, int], ...]
"""Of a frame, the outermost first: the ether type of each, and the VLAN's number."""

_PORTS = itertools.cycle(range(20_000, 60_000))
_ANSWER_SECONDS = 10
_FIRST_SEQUENCE = 1000
_ARP_REQUEST = (packets.ARP_TYPE, packets.ARP_REQUEST)
_SOLICITATION = (packets.IPV6_TYPE, socket.IPPROTO_ICMPV6, packets.SOLICITATION)
_SOLICITATION_BYTES = 78


def undisguised(frame: bytes) -> Iterator[bytes]:
    """The frame itself."""
    yield frame


@frozen(kw_only=True)
class Impostor:
    """Who it says that it is, whom it asks, and how.

    Attributes:
        guest: whose NIC it sends and listens on.
        source: its IP address, not one that the guest's own kernel has.
        target: the address that it asks.
        mac: its hardware address.
        towards: the hardware address that its frames are for.
        tags: of all its frames; see `packets.tagged`.
        disguise: what it does to all its segments.
        patience_seconds: how long it waits for the next frame of an answer.
    """

    guest: Guest
    source: str
    target: str
    mac: str = "02:00:00:00:66:06"
    towards: str = INNER_MAC
    tags: Tags = ()
    disguise: Disguise = undisguised
    patience_seconds: float = _ANSWER_SECONDS

    def ask(self, path: str) -> bytes:
        """All that is answered over a connection of its own; nothing, if nobody answers."""
        with closing(self.guest.inside(lambda: packet_socket(NIC))) as nic:
            return _Conversation(self, nic, f"GET {path} HTTP/1.0\r\n\r\n".encode()).answer()

    def opening(self) -> list[bytes]:
        """The frames that ask for a connection."""
        return self.frames(Segment(next(_PORTS), 80, _FIRST_SEQUENCE, 0, SYN))

    def frames(self, segment: Segment) -> list[bytes]:
        """What it sends in place of a segment."""
        packet = packets.ip(
            self.source, self.target, socket.IPPROTO_TCP, segment.between(self.source, self.target)
        )
        frames = self.disguise(packets.framed(self.towards, self.mac, packet))
        return list(map(self._tagged, frames))

    def introduction(self, frame: bytes) -> bytes | None:
        """What it answers to who asks for its hardware address; None to any other frame."""
        asked = frame.ljust(_SOLICITATION_BYTES, b"\0")
        address = ip_address(self.source).packed
        (ether_type,) = struct.unpack_from("!H", asked, 12)
        if (ether_type, asked[21]) == _ARP_REQUEST and asked[38:42] == address:
            ends = (self.mac, self.source), (self.towards, self.target)
            told = packets.arp(packets.ARP_REPLY, *ends)
            return self._tagged(packets.ethernet(self.towards, self.mac, packets.ARP_TYPE, told))
        if (ether_type, asked[20], asked[54]) == _SOLICITATION and asked[62:78] == address:
            told = packets.advertisement(self.source, self.target, self.source, self.mac)
            return self._tagged(packets.framed(self.towards, self.mac, told))
        return None

    def _tagged(self, frame: bytes) -> bytes:
        return packets.tagged(frame, *self.tags)


@define
class _Conversation:
    """One connection, as far as it has come."""

    _impostor: Impostor
    _nic: socket.socket
    _question: bytes
    _port: int = field(factory=lambda: next(_PORTS))
    _sequence: int = _FIRST_SEQUENCE
    _expected: int = 0
    _heard: bytes = b""

    def answer(self) -> bytes:
        """All that is answered until the other side ends, or says nothing any more."""
        self._send(SYN)
        self._sequence += 1
        end = time.monotonic() + self._impostor.patience_seconds
        while (left := end - time.monotonic()) > 0:
            frame = self._receive(left)
            if segment := self._segment_for_me(frame):
                end = time.monotonic() + self._impostor.patience_seconds
                if self._hear(segment):
                    return self._heard
        return self._heard

    def _receive(self, seconds: float) -> bytes:
        """The next frame, whoever it is for; none if none comes in time."""
        self._nic.settimeout(seconds)
        try:
            frame = self._nic.recv(FRAME_BYTES)
        except TimeoutError:
            return b""
        if introduction := self._impostor.introduction(frame):
            self._nic.send(introduction)
        return frame

    def _segment_for_me(self, frame: bytes) -> Segment | None:
        """What is in a frame from whom it has asked."""
        packet = frame[14:]
        if frame[12:14] == b"\x08\0":
            length = struct.unpack_from("!H", packet, 2)[0]
            source, protocol, rest = packet[12:16], packet[9], packet[(packet[0] & 15) * 4 : length]
        elif frame[12:14] == b"\x86\xdd":
            length = 40 + struct.unpack_from("!H", packet, 4)[0]
            source, protocol, rest = packet[8:24], packet[6], packet[40:length]
        else:
            return None
        if protocol != socket.IPPROTO_TCP or source != ip_address(self._impostor.target).packed:
            return None
        source_port, target_port, sequence, acknowledged, words, flags = struct.unpack_from("!HHIIBB", rest)
        found = Segment(source_port, target_port, sequence, acknowledged, flags, rest[words >> 4 << 2 :])
        return found if target_port == self._port else None

    def _hear(self, segment: Segment) -> bool:
        """Answer a segment; whether it was the last."""
        if segment.flags & SYN:
            self._expected = segment.sequence + 1
            self._send(PUSH | ACK, self._question)
            self._sequence += len(self._question)
        elif segment.data and segment.sequence == self._expected:
            self._heard += segment.data
            self._expected += len(segment.data)
            self._send(ACK)
        return bool(segment.flags & (FIN | packets.RST))

    def _send(self, flags: int, data: bytes = b"") -> None:
        segment = Segment(self._port, 80, self._sequence, self._expected, flags, data)
        for frame in self._impostor.frames(segment):
            self._nic.send(frame)
