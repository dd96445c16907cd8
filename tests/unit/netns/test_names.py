"""Names of what is made for an interface."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netns import NameRefusedError, check_interface, link_of, namespace_of
from netns.names import NAME_MAX_BYTES, interface_of, is_link

NAMES = st.text(
    st.characters(codec="ascii", exclude_characters="/: ", categories=["L", "N", "P"]),
    min_size=1,
    max_size=15,
)


@given(NAMES)
def test_namespace_names_lead_back(interface: str) -> None:
    """The interface can be read off its namespace's name."""
    assert interface_of(namespace_of(interface)) == interface


@given(NAMES)
def test_link_names_are_legal_and_ours(interface: str) -> None:
    """A link's name fits the kernel, whatever the interface's length, and is known as ours."""
    assert len(link_of(interface)) == NAME_MAX_BYTES
    assert is_link(link_of(interface))


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a b", "a/b", "a:1", "x" * 16, "é" * 8, link_of("tap0"), "a\nb", "\udcff"]
)
def test_refused(name: str) -> None:
    """What no interface can be called, and what is ours, is refused."""
    with pytest.raises(NameRefusedError):
        check_interface(name)


@pytest.mark.parametrize(
    "name", ["tap0", "vnet3", "nbu1x1", "tap12345678-9a", "x" * 15, "evm0", "vif1.0-emu"]
)
def test_accepted(name: str) -> None:
    """Names that hypervisors give are accepted."""
    check_interface(name)


def test_foreign_namespaces_are_not_ours() -> None:
    """A namespace without our prefix belongs to nobody we know."""
    assert interface_of("qdhcp-1234") is None
