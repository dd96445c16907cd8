"""Whatever a source holds, it makes a document or an error that says what is wrong."""

import json
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eve_meta.imports.domain import domain
from eve_meta.imports.nocloud import nocloud
from eve_meta.imports.openstack import openstack
from eve_meta.imports.place import Imported, SourceError
from tests.fuzz.documents import ODD, ODD_KEYS, places
from tests.support import EXAMPLE
from tests.unit.hooks.recorded import recorded
from tests.unit.imports.test_network_config import BOND_V1, BOND_V2, SAME
from tests.unit.imports.test_openstack import drive_of

DRIVE = {name: json.loads(each) for name, each in drive_of(EXAMPLE).items() if name.endswith(".json")}
CONFIGS = [
    yaml.safe_load(BOND_V1),
    yaml.safe_load(BOND_V2),
    *(each for configs, _ in SAME for each in configs),
]
META_DATA = {
    "instance-id": "i",
    "local-hostname": "web",
    "public-keys": {"a": ["ssh-rsa A"]},
    "hostname": "web",
    "dsmode": "net",
}


@st.composite
def spoiled(draw: st.DrawFn, data: Any) -> bytes:
    """Data in which one thing is another, as JSON."""
    whole = deepcopy(data)
    holder, key = draw(st.sampled_from(list(places(whole))))
    if isinstance(holder, dict) and draw(st.booleans()):
        key = draw(ODD_KEYS)
    holder[key] = draw(ODD)
    return json.dumps(whole).encode()


def judge(made: Any) -> None:
    """It is told as a document, and in lines for a terminal, or as an error of one."""
    try:
        imported: Imported = made()
    except SourceError as error:
        told = [str(error)]
    else:
        told = [*imported.notes]
        assert UUID(str(imported.document["uuid"]))
    assert all(each.isprintable() and len(each) < 600 for each in told)


@given(st.sampled_from(CONFIGS).flatmap(spoiled))
def test_network_config(text: bytes) -> None:
    judge(lambda: nocloud({"meta-data": b"instance-id: i", "network-config": text}))


@given(spoiled(META_DATA))
def test_meta_data(text: bytes) -> None:
    judge(lambda: nocloud({"meta-data": text}))


@given(st.data())
def test_config_drive(drawn: st.DataObject) -> None:
    name = drawn.draw(st.sampled_from(sorted(DRIVE)))
    text = drawn.draw(spoiled(DRIVE[name]))

    judge(lambda: openstack({**drive_of(EXAMPLE), name: text}))


@given(st.binary(max_size=9) | st.text(max_size=9).map(str.encode))
def test_any_bytes(text: bytes) -> None:
    for name in ("meta-data", "network-config", "user-data", "vendor-data"):
        judge(lambda name=name: nocloud({"meta-data": b"instance-id: i", name: text}))
    judge(lambda: domain(text))


@given(st.data())
def test_domain(drawn: st.DataObject) -> None:
    xml = bytearray(recorded("web", "start"))
    for place in drawn.draw(st.lists(st.integers(0, len(xml) - 1), min_size=1, max_size=3)):
        xml[place] = drawn.draw(st.integers(0, 255))

    judge(lambda: domain(bytes(xml)))


@pytest.mark.timeout(20)
def test_very_many_of_everything() -> None:
    """It takes no longer than reading the text does."""
    keys = ["ssh-rsa A"] * 100_000
    devices = [{"type": "x"}] * 30_000
    links: dict[str, object] = {f"e{number}": {} for number in range(30_000)}
    vlans = {f"v{number}": {"id": 1, "link": f"v{number + 1}"} for number in range(9_000)}
    chain = {f"v{number}": {"id": 1, "link": f"v{number + 1}"} for number in range(1000)}
    chained = {"vlans": chain, "ethernets": {"v1000": {"match": {"macaddress": "02:00:00:00:00:01"}}}}
    routed = {"addresses": ["10.0.0.1/8"] * 30_000, "routes": [{"to": "default", "via": "10.0.0.2"}] * 20_000}

    judge(lambda: nocloud({"meta-data": json.dumps({"instance-id": "i", "public-keys": keys}).encode()}))
    judge(
        lambda: openstack(
            {"openstack/latest/meta_data.json": json.dumps({"uuid": "i", "devices": devices}).encode()}
        )
    )
    for config in ({"ethernets": links}, {"vlans": vlans}, chained, {"ethernets": {"e": routed}}):
        text = json.dumps({"version": 2, **config}).encode()
        judge(lambda text=text: nocloud({"meta-data": b"instance-id: i", "network-config": text}))
