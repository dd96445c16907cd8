"""What must hold between the fields of a document, when each is well formed by itself."""

from collections.abc import Iterable, Iterator, Sequence

from eve_meta.document.problems import Path, Problem
from eve_meta.vm import VM, Bus, Interface, ShareDevice, StaticAddress


def broken_rules(vm: VM) -> Iterator[Problem]:
    """The rules that a VM breaks."""
    yield from _two_networks(vm)
    yield from _twin_macs(vm)
    yield from _twin_names(vm)
    yield from _twin_keys(vm)
    yield from _nowhere(vm)
    yield from _twin_addresses(vm)
    for path, address in _static(vm.interfaces):
        yield from _mixed_families(path, address)
        yield from _no_neighbour(path, address)


def _two_networks(vm: VM) -> Iterator[Problem]:
    if vm.interfaces and vm.network_data is not None:
        yield Problem(("network_data",), "stands instead of 'interfaces': leave one of them out")


def _twin_macs(vm: VM) -> Iterator[Problem]:
    macs = [interface.mac for interface in vm.interfaces]
    for number in _repeated(macs):
        yield Problem(("interfaces", number, "mac"), f"{macs[number]} is another interface's already")


def _twin_names(vm: VM) -> Iterator[Problem]:
    names = [interface.name for interface in vm.interfaces]
    for number in _repeated(names):
        if names[number] is not None:
            yield Problem(("interfaces", number, "name"), f"{names[number]!r} is another interface's already")


def _twin_keys(vm: VM) -> Iterator[Problem]:
    names = [key.index_name for key in vm.public_keys]
    for number in _repeated(names):
        reason = f"becomes {names[number]!r} in the EC2 index of keys, as another key does"
        yield Problem(("public_keys", vm.public_keys[number].name), reason)


def _twin_addresses(vm: VM) -> Iterator[Problem]:
    for number, interface in enumerate(vm.interfaces):
        known = [each.address.ip if isinstance(each, StaticAddress) else each for each in interface.addresses]
        for place in _repeated(known):
            yield Problem(("interfaces", number, "addresses", place), "stands twice at this interface")


def _no_neighbour(path: Path, address: StaticAddress) -> Iterator[Problem]:
    for name, ip in (("address", address.address.ip), ("gateway", address.gateway)):
        if ip is not None and (ip.is_multicast or ip.is_unspecified):
            yield Problem((*path, name), f"{ip} is no address that one machine can have")
    if address.gateway == address.address.ip:
        yield Problem((*path, "gateway"), f"{address.gateway} is the interface's own address")


def _nowhere(vm: VM) -> Iterator[Problem]:
    for number, device in enumerate(vm.devices):
        if not isinstance(device, ShareDevice) and device.bus is not Bus.NONE and device.address is None:
            yield Problem(("devices", number, "address"), f"is required on the bus {device.bus.value!r}")


def _repeated(values: Sequence[object]) -> Iterator[int]:
    """Where a value stands that stood before."""
    seen = set()
    for number, value in enumerate(values):
        if value in seen:
            yield number
        seen.add(value)


def _static(interfaces: Iterable[Interface]) -> Iterator[tuple[Path, StaticAddress]]:
    for number, interface in enumerate(interfaces):
        for place, address in enumerate(interface.addresses):
            if isinstance(address, StaticAddress):
                yield ("interfaces", number, "addresses", place), address


def _mixed_families(path: Path, address: StaticAddress) -> Iterator[Problem]:
    family = address.address.version
    if address.gateway is not None and address.gateway.version != family:
        yield Problem(
            (*path, "gateway"), f"{address.gateway} is no IPv{family} address, as {address.address} is"
        )
    for place, route in enumerate(address.routes):
        for name, end in (("to", route.to), ("via", route.via)):
            if end.version != family:
                yield Problem(
                    (*path, "routes", place, name), f"{end} is not of IPv{family}, as {address.address} is"
                )
