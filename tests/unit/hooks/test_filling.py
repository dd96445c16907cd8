"""The document of a VM with what is known of the VM."""

from typing import Any

import pytest

from eve_meta.document import parse
from eve_meta.errors import DocumentError
from eve_meta.hooks.domain import read_domain
from eve_meta.hooks.filling import filled
from eve_meta.hooks.machine import Machine, Smbios
from tests.unit.hooks.recorded import BARE, WEB, recorded

MACHINE = read_domain(recorded("web", "start")).machine
FIRST, SECOND, THIRD = (
    {"mac": "52:54:00:00:00:01"},
    {"mac": "52:54:00:00:00:02"},
    {"mac": "52:54:00:00:00:03"},
)
ALL = [FIRST, SECOND | {"mtu": 1450}, THIRD]


def interfaces(*given: object) -> Any:
    """Those of a document that says this of them."""
    data = filled({"interfaces": list(given)}, MACHINE)
    assert isinstance(data, dict)
    return data["interfaces"]


@pytest.mark.parametrize("silent", [None, {}, {"name": None, "interfaces": None}])
def test_silent(silent: object) -> None:
    """A document that says nothing is one of what is known."""
    data = filled(silent, MACHINE)

    assert {"uuid": str(WEB), "name": "web", "interfaces": ALL} == data
    assert WEB == parse(data).uuid


def test_what_it_says_stands() -> None:
    data = filled({"name": "shop", "uuid": str(WEB).upper(), "hostname": "shop"}, MACHINE)

    assert {"uuid": str(WEB).upper(), "name": "shop", "interfaces": ALL, "hostname": "shop"} == data


def test_interfaces_by_place() -> None:
    """One without a MAC address is the NIC in its place; one that is said is not there twice."""
    assert [FIRST | {"name": "a"}, SECOND | {"mtu": 9000}] == interfaces({"name": "a"}, {"mtu": 9000})


def test_interfaces_by_mac() -> None:
    """One with a MAC address is that NIC, however the address is written."""
    assert [{"mac": "52-54-00-00-00-02", "mtu": 1450}, FIRST] == interfaces(
        {"mac": "52-54-00-00-00-02"}, FIRST
    )


def test_more_than_there_are() -> None:
    """The agent says what is missing of one that has no NIC."""
    assert [*ALL, {"name": "x"}, 5] == interfaces({}, {}, {}, {"name": "x"}, 5)


def test_network_data() -> None:
    """The operator's own network_data.json stands for itself."""
    assert {"uuid": str(WEB), "name": "web", "network_data": {}} == filled({"network_data": {}}, MACHINE)


def test_another_uuid() -> None:
    """A document that says it is another VM's is not served."""
    with pytest.raises(DocumentError) as caught:
        filled({"uuid": str(BARE)}, MACHINE)

    message = f"uuid: is {BARE}, but the VM's SMBIOS UUID is {WEB}: leave it out, it is known"
    assert message == str(caught.value)


def test_uuid_of_the_firmware() -> None:
    """The uuid that the guest sees is what counts."""
    data = filled({}, Machine(uuid=WEB, smbios=Smbios(uuid=BARE)))

    assert isinstance(data, dict)
    assert str(BARE) == data["uuid"]


@pytest.mark.parametrize("data", [5, [], "text", {"uuid": "x"}, {"interfaces": 5}])
def test_no_document(data: object) -> None:
    """What is no document is left as wrong as it is."""
    with pytest.raises(DocumentError):
        parse(filled(data, MACHINE))
