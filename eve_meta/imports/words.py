"""Readers for what network-config may write in several ways; each raises ValueError with what would do."""

from ipaddress import ip_address, ip_interface

from eve_meta.document.addresses import ip
from eve_meta.document.scalars import expected, text, whole_number
from eve_meta.vm import IPAddress, IPInterface

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
MTU = (68, 65535)


def truth(value: object) -> bool:
    """YAML 1.1, as cloud-init reads it, knows more words for it than ours. Source: https://yaml.org/type/bool.html."""
    word = str(value).lower()
    if isinstance(value, dict | list) or word not in _TRUE | _FALSE:
        raise expected("true or false", value)
    return word in _TRUE


def number(low: int, high: int, value: object) -> int:
    """A whole number, also as text."""
    is_digits = (
        isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < len(str(high)) + 1
    )
    return whole_number(int(str(value)) if is_digits else value, low, high)


def mtu(value: object) -> int:
    """What a link carries at once."""
    return number(*MTU, value)


def vlan_id(value: object) -> int:
    """The number of a VLAN."""
    return number(1, 4094, value)


def words(value: object) -> list[str]:
    """A list of words, or words in one text."""
    if isinstance(value, list):
        return [text(each) for each in value]
    return text(value).split()


def addresses(value: object) -> list[IPAddress]:
    """IP addresses, as `words`."""
    return [ip(each) for each in words(value)]


def address_of(address: str, netmask: object) -> IPInterface:
    """An address with its prefix in it, or in a netmask beside it, or else with cloud-init's."""
    try:
        return ip_interface(with_prefix(address, netmask))
    except ValueError as error:
        raise expected("an IP address, like 10.0.0.5/24", address) from error


def with_prefix(address: str, netmask: object) -> str:
    """The same as text. Source: cloud-init `net/network_state.py`, `_normalize_net_keys`."""
    usual = 64 if ":" in address else 24
    return address if "/" in address else f"{address}/{usual if netmask is None else prefix(netmask)}"


def prefix(netmask: object) -> str:
    """A netmask as what `ipaddress` reads behind the slash."""
    mask = str(netmask)
    if isinstance(netmask, bool | list | dict):
        raise expected("a netmask", netmask)
    if ":" not in mask:
        return mask
    bits = f"{int(ip_address(mask)):0128b}".rstrip("0")
    return str(len(bits)) if "0" not in bits else "?"
