"""All formats under one root, where guests look for them.

Source: nova `api/metadata/handler.py`, `MetadataRequestHandler.__call__`: what is not of OpenStack is of EC2.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from eve_meta.formats.derived import seen_from
from eve_meta.formats.ec2 import LATEST, VERSIONS, ec2
from eve_meta.formats.eve import eve
from eve_meta.formats.nocloud import nocloud
from eve_meta.formats.openstack import openstack
from eve_meta.reports import PHONE_HOME
from eve_meta.tree import Directory, Entry, Inbox, walk
from eve_meta.vm import VM

_OPENSTACK = "openstack"
_NOCLOUD = "nocloud"
_EVE = "eve"
_PHONE_HOME = "phone_home"
EC2 = "ec2"

_FORMATS = {_OPENSTACK: openstack, _NOCLOUD: nocloud, EC2: ec2}
_NAMES = dict.fromkeys((*VERSIONS, LATEST, *_FORMATS, _EVE, _PHONE_HOME))


def root(vm: VM, peer: str = "") -> Directory:
    """The whole tree, as it is told to an address: EC2 versions, and unlisted the other trees.

    One of them is a second way to the EC2 tree, and one a place where cloud-init's `phone_home` may post.
    """
    return Directory(_NAMES, partial(_entry, seen_from(vm, peer), peer))


def paths(vm: VM) -> Iterator[str]:
    """Every path that answers, depth first, EC2 before the others; without the second way to the EC2 tree."""
    trees = {_OPENSTACK: openstack(vm), _NOCLOUD: nocloud(vm), _EVE: eve(vm)}
    return chain(walk(ec2(vm)), *(walk(tree, f"/{name}") for name, tree in trees.items()))


def _entry(vm: VM, peer: str, name: str) -> Entry | None:
    if name == _EVE:
        return Entry(None, partial(eve, vm, peer))
    if name == _PHONE_HOME:
        return Entry(None, partial(Inbox, PHONE_HOME))
    make = _FORMATS.get(name)
    return Entry(None, partial(make, vm)) if make else ec2(vm).get(name)
