"""Bytes as a hostile guest may send them: requests, nearly requests, and what is none, from a seed."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

TARGETS = (
    b"/",
    b"/openstack/latest/meta_data.json",
    b"/openstack/latest/user_data",
    b"/openstack/latest/network_data.json",
    b"/openstack/latest/password",
    b"/nocloud/network-config",
    b"/eve/v1/network.json",
    b"/latest/meta-data/",
    b"/latest/meta-data/public-keys/0/openssh-key",
    b"/latest/user-data",
    b"/latest/api/token",
    b"/latest/dynamic/instance-identity/document",
    b"/2009-04-04/meta-data/hostname",
    b"//latest//meta-data//",
    b"/latest/meta-data/../../openstack",
    b"/%6catest/%2e%2e/%00%ff",
    b"/latest/meta-data/hostname?x=/openstack#y",
    b"http://169.254.169.254/latest/meta-data/hostname",
    b"http://other.example:1/openstack",
    b"*",
)
ODD_TARGETS = (
    b"other:80",
    b"",
    b"/a b",
    b"/\x80\xff",
    b"/\x00",
    b"/" + b"a" * 3000,
    b"/" + b"%2f" * 400,
)
QUERIES = (
    b"wait_for_change=true", b"wait_for_change=TRUE", b"wait_for_change=", b"wait_for_change", b"last_etag=0",
    b"last_etag=W/%22x%22", b"last_etag", b"timeout_sec=1", b"timeout_sec=0", b"timeout_sec=-1",
    b"timeout_sec=%ff", b"timeout_sec=" + b"9" * 400, b"alt=json", b"&" * 30, b"%", b"=",
)  # fmt: skip
METHODS = (b"GET", b"GET", b"GET", b"HEAD", b"PUT", b"POST", b"DELETE")
ODD_METHODS = (b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE", b"PRI", b"FOO", b"get", b"", b"GET ")
VERSIONS = (b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0")
ODD_VERSIONS = (b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.12", b"http/1.1", b"", b"RTSP/1.0")
ODD_ENDS = (b"\n", b"\r", b"", b"\r\r\n", b"\n\r")
ODD_LENGTHS = (
    b"0", b"1", b"5", b"7", b"65536", b"65537", b"+5", b"-1", b"0x5", b"5, 5", b"5,6", b" 5 ", b"",
    b"99999999999999999999", b"5\t", b"05", b"5;", b"\xd9\xa5",
)  # fmt: skip
CODINGS = (
    b"chunked", b"Chunked", b"chunked, chunked", b"gzip", b"gzip, chunked", b"identity", b"chunked;q=1",
    b" chunked", b"\x0bchunked", b"x", b"",
)  # fmt: skip
VALUES = (b"x", b"1", b"21600", b"127.0.0.1", b"a" * 50, b"\xff\xfe")
ODD_VALUES = (b"", b" ", b"\x00", b"a" * 5000, b"a\r\n b", b"a\n b", b"\t")
NAMES = (
    b"X-Forwarded-For", b"X-Instance-ID", b"X-Tenant-ID", b"X-Instance-ID-Signature", b"Forwarded",
    b"X-aws-ec2-metadata-token", b"X-aws-ec2-metadata-token-ttl-seconds", b"Metadata-Flavor", b"Accept",
    b"Range", b"If-None-Match", b"Cookie", b"Content-Type",
)  # fmt: skip
ODD_NAMES = (b"", b"A B", b"A:", b" A", b"A\x00", b"\xc3\xa4", b"Host ")
CONNECTIONS = (b"close", b"keep-alive", b"upgrade", b"close, keep-alive", b"Host", b"te, close", b"")
BODY = b"secret"
ODDS = 0.04

_Framed = tuple[list[bytes], bytes]


def conversation(random: Random) -> bytes:
    """What one guest sends over one connection."""
    sent = b"".join(_request(random) for _ in range(random.choice((1, 1, 1, 2, 3))))
    return _damaged(random, sent) if random.random() < 5 * ODDS else sent


def pieces(random: Random, sent: bytes) -> list[bytes]:
    """The same bytes as they may arrive."""
    cuts = sorted(random.randrange(len(sent) + 1) for _ in range(random.choice((0, 0, 1, 3, 10))))
    bounds = [0, *cuts, len(sent)]
    return [sent[start:end] for start, end in pairwise(bounds) if start < end]


def _request(random: Random) -> bytes:
    parts = ((METHODS, ODD_METHODS), (TARGETS, ODD_TARGETS), (VERSIONS, ODD_VERSIONS))
    method, target, version = (_one(random, usual, odd) for usual, odd in parts)
    line = b" ".join((method, target + _query(random), version))
    framing, body = _framed(random)
    host = [] if random.random() < ODDS else [b"Host: " + _one(random, [b"x"], VALUES)]
    headers = [*host, *framing, *(_header(random) for _ in range(random.choice((0, 1, 1, 2, 5))))]
    random.shuffle(headers)
    return b"".join((*(each + _end(random) for each in (line, *headers)), _end(random), body))


def _one(random: Random, usual: Sequence[bytes], odd: Sequence[bytes]) -> bytes:
    """As a rule something usual: where everything is odd, nothing is read behind the first."""
    return random.choice(odd if random.random() < ODDS else usual)


def _query(random: Random) -> bytes:
    """Now and then one, that asks to wait as a rule."""
    if random.random() > 5 * ODDS:
        return b""
    more = (random.choice(QUERIES) for _ in range(random.choice((0, 1, 2))))
    return b"?" + b"&".join((random.choice(QUERIES[:3]), *more))


def _end(random: Random) -> bytes:
    return b"\r\n" if random.random() > ODDS / 4 else random.choice(ODD_ENDS)


def _framed(random: Random) -> _Framed:
    """Headers that tell where a body ends, truly or not, and the body."""
    length, coding = b"Content-Length: 6", b"Transfer-Encoding: chunked"
    odd_length = b"Content-Length: " + random.choice(ODD_LENGTHS)
    odd_coding = b"Transfer-Encoding: " + random.choice(CODINGS)
    usual: Sequence[_Framed] = (([], b""), ([length], BODY), ([coding], _chunks(random)))
    odd: Sequence[_Framed] = (
        ([odd_length], BODY),
        ([length, odd_length], BODY),
        ([odd_coding], _chunks(random)),
        ([length, odd_coding], BODY),
        ([length, odd_coding], _chunks(random)),
    )
    return random.choice(odd if random.random() < 5 * ODDS else usual)


def _chunks(random: Random) -> bytes:
    sizes = (b"6", b"06", b"6;a=b", b"6 ", b"0x6", b"-6", b"ffffffffffffffffff", b"", b"7", b"6\x00")
    lasts = (b"0\r\nA: b\r\n\r\n", b"0\n\n", b"0\r\n", b"00\r\n\r\n")
    size, last = _one(random, [b"6"], sizes), _one(random, [b"0\r\n\r\n"], lasts)
    return size + _end(random) + BODY + _end(random) + last


def _header(random: Random) -> bytes:
    match random.randrange(16):
        case 0:
            return b"Connection: " + random.choice(CONNECTIONS)
        case 1:
            return b"Expect: " + random.choice((b"100-continue", b"100-Continue, x", b"200-ok"))
        case 2:
            return b"Upgrade: " + random.choice((b"h2c", b"websocket"))
        case 3:
            return b"If-None-Match: " + random.choice((b"*", b'"x", *', b'W/"x"', b'"', b","))
        case _:
            name, value = _one(random, NAMES, ODD_NAMES), _one(random, VALUES, ODD_VALUES)
            return name + _one(random, (b": ", b":"), (b" : ", b"")) + value


def _damaged(random: Random, sent: bytes) -> bytes:
    """A few bytes changed, lost, or there twice."""
    data = bytearray(sent)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(data) + 1)
        match random.randrange(4):
            case 0:
                data[at : at + 1] = bytes([random.randrange(256)])
            case 1:
                del data[at : at + random.choice((1, 2, 20))]
            case 2:
                data[at:at] = data[max(0, at - random.choice((1, 10, 100))) : at]
            case _:
                data[at:at] = random.choice((b"\r\n", b"\n", b"\x00", b"\xff", b" ", b":", b"\r\n\r\n"))
    return bytes(data)
