"""network_data.json in the making: what each version of network-config says is put together here.

Links are known by the names that the source has for them.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from attrs import define, field, frozen

from eve_meta.document.scalars import expected
from eve_meta.imports.place import Place
from eve_meta.vm import IPAddress, IPInterface, IPNetwork, MacAddress

Fields = dict[str, object]

MAX_LINKS = 1024
"""Of one VM, and of the networks that routes are sought a place in: more than any has."""

_EVERYWHERE: dict[int, IPNetwork] = {4: IPv4Network("0.0.0.0/0"), 6: IPv6Network("::/0")}
_BOND_MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
"""By their numbers. Source: Linux `Documentation/networking/bonding.rst`."""


@frozen
class Way:
    """A route."""

    to: IPNetwork
    via: IPAddress

    @classmethod
    def out(cls, via: IPAddress) -> "Way":
        """A default route."""
        return cls(_EVERYWHERE[via.version], via)

    def fields(self) -> Fields:
        """As network_data.json has it."""
        network = {"network": str(self.to.network_address), "netmask": str(self.to.netmask)}
        return {**network, "gateway": str(self.via)}


@frozen(kw_only=True)
class Link:
    """A link; `mac` is None where it is that of what it is built on."""

    place: Place
    name: str
    mac: MacAddress | None = None
    fields: Fields = field(factory=dict)
    below: tuple[str, ...] = ()
    """The links that it is built on."""


@define(kw_only=True)
class Network:
    """How a link comes by an address: of a static one with the address."""

    link: str
    kind: str
    address: IPInterface | None = None
    ways: list[Way] = field(factory=list)
    servers: list[IPAddress] = field(factory=list)

    def fields(self, number: int) -> Fields:
        """As network_data.json has it."""
        made: Fields = {"id": f"network{number}", "type": self.kind, "link": self.link}
        if self.address is not None:
            made |= {"ip_address": str(self.address.ip), "netmask": str(self.address.netmask)}
        made["routes"] = [way.fields() for way in self.ways]
        return {**made, "services": _services(self.servers)}


@define
class Draft:
    """What is known so far."""

    links: list[Link] = field(factory=list)
    networks: list[Network] = field(factory=list)
    servers: list[IPAddress] = field(factory=list)
    """Those of no link."""

    def add_link(self, link: Link) -> None:
        """Another link.

        Raises:
            SourceError: there are too many.
        """
        _check_number(link.place, self.links)
        self.links.append(link)

    def add_static(self, link: str, address: IPInterface) -> Network:
        """A static address, whose network may be told more."""
        self.networks.append(Network(link=link, kind=f"ipv{address.version}", address=address))
        return self.networks[-1]

    def add_dynamic(self, link: str, kind: str) -> Network:
        """What a guest asks for, in the words of network_data.json."""
        self.networks.append(Network(link=link, kind=kind))
        return self.networks[-1]

    def networks_of(self, link: str) -> list[Network]:
        """Those of one link."""
        return [each for each in self.networks if each.link == link]

    def data(self) -> Fields:
        """The whole, without links that cannot be found by a MAC address."""
        macs = self._macs()
        known = [link for link in self.links if link.name in macs]
        _tell_names(known)
        links = [_fields(link, macs[link.name]) for link in known]
        networks = [each for each in self.networks if each.link in macs]
        if self.servers and (static := next((each for each in networks if each.address), None)):
            static.servers += [each for each in self.servers if each not in static.servers]
        everyone = [server for each in networks for server in each.servers] + self.servers
        made = [each.fields(number) for number, each in enumerate(networks)]
        return {"links": links, "networks": made, "services": _services(everyone)}

    def _macs(self) -> dict[str, MacAddress]:
        """The links' addresses by their names; tells of those that have none."""
        macs = {link.name: link.mac for link in self.links if link.mac and not link.below}
        built = [link for link in self.links if link.below]
        while ready := [link for link in built if link.name not in macs and macs.keys() >= {*link.below}]:
            macs |= {link.name: link.mac or macs[link.below[0]] for link in ready}
        for link in self.links:
            if link.name not in macs:
                link.place.tell(_homeless(link))
        return macs


def attach_way(place: Place, networks: Sequence[Network], way: Way) -> None:
    """Put a route of a whole link to the network that its gateway is in, or else to one of its family."""
    _check_number(place, networks)
    family = [each for each in networks if each.address and each.address.version == way.via.version]
    near = [each for each in family if each.address and way.via in each.address.network]
    dynamic = [each for each in networks if each.address is None]
    for network in (near or family or dynamic)[:1]:
        network.ways.append(way)
        return
    place.tell("is a route of no network of its family: left out")


def _check_number(place: Place, others: Sequence[object]) -> None:
    if len(others) > MAX_LINKS:
        raise place.error(f"comes after more than {MAX_LINKS} others")


def bond_mode(value: object) -> str:
    """A mode, by its name or its number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_BOND_MODES):
        return _BOND_MODES[value]
    if value not in _BOND_MODES:
        raise ValueError(f"expected {', '.join(_BOND_MODES)}")
    return str(value)


def destination(text: str, via: IPAddress) -> IPNetwork:
    """The network of a route: `default`, an address, or a network, whatever bits are beyond its prefix."""
    try:
        return _EVERYWHERE[via.version] if text == "default" else ip_network(text, strict=False)
    except ValueError as error:
        raise expected("a network, like 10.1.0.0/16", text) from error


def _fields(link: Link, mac: MacAddress) -> Fields:
    name = "vlan_mac_address" if link.fields["type"] == "vlan" else "ethernet_mac_address"
    is_own = link.mac is not None or link.fields["type"] != "bond"
    return {"id": link.name, **link.fields, **({name: mac} if is_own else {})}


def _tell_names(links: Sequence[Link]) -> None:
    """What cloud-init names otherwise. Source: its `sources/helpers/openstack.py`, `convert_net_json`."""
    bonds = [link.name for link in links if link.fields["type"] == "bond"]
    names = {link.name: link.fields.get("name", link.name) for link in links}
    names |= {name: f"bond{number}" for number, name in enumerate(bonds)}
    for link in links:
        if link.fields["type"] == "vlan":
            names[link.name] = f"{names[link.below[0]]}.{link.fields['vlan_id']}"
        if link.below and names[link.name] != link.name:
            link.place.tell(f"is {names[link.name]} to the guest, not {link.name}")


def _homeless(link: Link) -> str:
    if link.below:
        return f"is built on {', '.join(link.below)}, not all of which a document has: left out"
    return "has no MAC address, by which a document knows a NIC: left out"


def _services(servers: Iterable[IPAddress]) -> list[Fields]:
    return [{"type": "dns", "address": str(each)} for each in dict.fromkeys(servers)]
