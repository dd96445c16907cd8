"""No document brings the parser down: made up ones, and some that were made to hurt."""

import re
from typing import Any

import pytest
from hypothesis import given

from eve_meta.document import parse
from eve_meta.errors import DocumentError
from tests.fuzz.document import main
from tests.fuzz.documents import DATA, TEXTS_OF_ANY
from tests.fuzz.judge import judge_data, judge_text


@given(DATA)
def test_data(data: object) -> None:
    """Data are refused in words, or make a VM of which all can be asked."""
    judge_data(data)


@given(TEXTS_OF_ANY)
def test_text(text: bytes) -> None:
    """A text is refused in words, or stands for such data."""
    judge_text(text)


MANY = 30_000
MACS = [f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}" for number in range(MANY)]
NETWORK = {"id": "a", "type": "ipv4", "link": "x"}
LINKS = [{"id": mac, "type": "phy", "ethernet_mac_address": mac} for mac in MACS]


@pytest.mark.parametrize(
    "fields",
    [
        {"interfaces": [{"mac": mac} for mac in MACS]},
        {"interfaces": [{"mac": MACS[0]}] * MANY},
        {"interfaces": [0] * MANY},
        {"public_keys": dict.fromkeys(MACS, "ssh-rsa A")},
        {"meta": dict.fromkeys(MACS, 5)},
        {
            "network_data": {
                "links": LINKS[:9000],
                "networks": [NETWORK] * 9000,
            }
        },
        dict.fromkeys(MACS, 5),
        {"x" * 4_000_000: 5},
    ],
    ids=["macs", "twins", "numbers", "keys", "meta", "links", "unknown", "long"],
)
def test_many(fields: dict[str, Any]) -> None:
    """What a document has much of takes no more than so much longer; a minute would not do for its square."""
    assert blamed({"uuid": "12345678-1234-1234-1234-123456789abc"} | fields) in {*fields, ""}


def blamed(data: object) -> str:
    """The field on top that data are refused for; empty if they are not."""
    try:
        parse(data)
    except DocumentError as error:
        return re.split(r"[.\[]", error.field)[0]
    return ""


def test_program(capsys: pytest.CaptureFixture[str]) -> None:
    """`scripts/fuzz document` tells how far it is."""
    assert 0 == main(0.1)

    assert ["25", "50", "75", "100"] == [line.split()[0] for line in capsys.readouterr().out.splitlines()]
