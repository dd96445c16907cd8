"""The tree that EVE's own metadata server has below `/eve`: what of it a document can tell.

Source: https://github.com/lf-edge/eve, `pkg/pillar/cmd/msrv/handlers.go`; `docs/ECO-METADATA.md`.
"""

import json
from collections.abc import Mapping
from functools import partial
from uuid import UUID

from attrs import frozen

from eve_meta.formats.derived import address_of, public_ipv4s
from eve_meta.formats.keys import Key, directory, holding, keyed, text
from eve_meta.reports import CUSTOM_STATUS, KUBECONFIG
from eve_meta.tree import JSON, Directory, Entry, Inbox, Leaf
from eve_meta.vm import VM

_VERSION = "v1"
_NEVER = "v2"
"""Lists what can be read: nothing that is posted to."""

_CUSTOM_STATUS = "appCustomStatus"
_UNKNOWN = UUID(int=0)
"""What EVE says of a UUID that it does not know."""


@frozen
class _Call:
    """A VM whose guest asks from an address; empty: it is not known."""

    vm: VM
    peer: str


def eve(vm: VM, peer: str = "") -> Directory:
    """The tree below `/eve`."""
    return holding([(_VERSION, directory(_KEYS, _Call(vm, peer), _VERSION))])


def _network(call: _Call, _version: str) -> Leaf:
    """Written as Go writes a map: without blanks, in the order of the names."""
    vm, unknown = call.vm, ""
    known = {
        "app-instance-uuid": str(vm.uuid),
        "caller-ip": address_of(call.peer),
        "device-name": vm.eve.device_name or unknown,
        "device-uuid": str(vm.eve.device_uuid or _UNKNOWN),
        "enterprise-id": vm.eve.enterprise_id or unknown,
        "enterprise-name": vm.eve.enterprise_name or unknown,
        "external-ipv4": ",".join(map(str, public_ipv4s(vm))),
        "hostname": str(vm.uuid),
        "project-name": vm.eve.project_name or unknown,
        "project-uuid": str(vm.eve.project_uuid or _UNKNOWN),
    }
    return Leaf(json.dumps(known, separators=(",", ":")).encode(), JSON)


def _external_ipv4(call: _Call) -> str | None:
    return "".join(f"{address}\n" for address in public_ipv4s(call.vm)) or None


def _hostname(call: _Call) -> str:
    return f"{call.vm.uuid}\n"


def _app(_call: _Call, _version: str) -> Directory:
    return Directory((_CUSTOM_STATUS,), lambda _: Entry(None, partial(Inbox, CUSTOM_STATUS)), is_listed=False)


def _kubeconfig(_call: _Call, _version: str) -> Inbox:
    return Inbox(KUBECONFIG)


_KEYS: Mapping[str, Key[_Call]] = keyed(
    Key("app", _VERSION, _app, listed_since=_NEVER),
    Key("kubeconfig", _VERSION, _kubeconfig, listed_since=_NEVER),
    Key("external_ipv4", _VERSION, text(_external_ipv4)),
    Key("hostname", _VERSION, text(_hostname)),
    Key("network.json", _VERSION, _network),
)
