"""What cloud-init makes of a network-config, and of a network_data.json, in one way of writing it.

For Debian's own Python, which has cloud-init. On standard input a list of `config` or `data`; it prints JSON.
"""

import importlib
import json
import sys
from typing import Any

MACS = {"fa:16:3e:00:00:01": "eth0", "fa:16:3e:00:00:02": "eth1"}
"""The guest's NICs."""


def module(name: str) -> Any:
    """A module that the tests' own Python has not."""
    return importlib.import_module(name)


def state_of(given: dict[str, Any]) -> dict[str, Any]:
    """What cloud-init would set up."""
    network_state = module("cloudinit.net.network_state")
    network_state.get_interfaces_by_mac = lambda: MACS
    network_state.find_interface_name_from_mac = MACS.get
    if "config" in given:
        config = given["config"]
        config = config.get("network", config)
    else:
        config = module("cloudinit.sources.helpers.openstack").convert_net_json(given["data"], MACS)
    state = network_state.parse_net_config_data(config)
    return {
        "interfaces": {each["name"]: interface(each) for each in state.iter_interfaces()},
        "routes": sorted(
            [*routes(state.iter_routes()), *(it for each in state.iter_interfaces() for it in ways(each))]
        ),
        "servers": sorted(
            {*state.dns_nameservers, *(it for each in state.iter_interfaces() for it in servers(each))}
        ),
    }


def interface(given: dict[str, Any]) -> dict[str, Any]:
    """One of them, without its routes and servers; a VLAN has the address of what it is on."""
    given = {**given, "mac_address": None} if given["type"] == "vlan" else given
    same = {name: given.get(name) for name in ("mac_address", "mtu", "type", "vlan_id", "vlan-raw-device")}
    bond = {name.replace("_", "-"): it for name, it in given.items() if name.startswith("bond")}
    return {**same, **bond, "subnets": [subnet(each) for each in given["subnets"]]}


def subnet(given: dict[str, Any]) -> list[str]:
    """Its kind and address."""
    kind = {"dhcp": "dhcp4", "static6": "static"}.get(given["type"], given["type"])
    return [kind, given.get("address", ""), str(given.get("prefix", ""))]


def ways(given: dict[str, Any]) -> list[list[str]]:
    """An interface's routes; a gateway is one."""
    found = [each for subnet in given["subnets"] for each in routes(subnet.get("routes", []))]
    gateways = [subnet["gateway"] for subnet in given["subnets"] if subnet.get("gateway")]
    return found + [["::" if ":" in each else "0.0.0.0", "0", each] for each in gateways]


def routes(given: Any) -> list[list[str]]:
    """Each with its network, prefix and gateway."""
    return [[each["network"], str(each["prefix"]), each["gateway"]] for each in given]


def servers(given: dict[str, Any]) -> list[str]:
    """An interface's name servers."""
    of_subnets = [each for subnet in given["subnets"] for each in subnet.get("dns_nameservers", [])]
    dns = given.get("dns", {})
    return [*of_subnets, *dns.get("nameservers", []), *dns.get("addresses", [])]


if __name__ == "__main__":
    json.dump([state_of(each) for each in json.load(sys.stdin)], sys.stdout)
