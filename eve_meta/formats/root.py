"""All formats under one root, where guests look for them.

Source: nova `api/metadata/handler.py`, `MetadataRequestHandler.__call__`: what is not of OpenStack is of EC2.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from eve_meta.formats.ec2 import LATEST, VERSIONS, ec2
from eve_meta.formats.nocloud import nocloud
from eve_meta.formats.openstack import openstack
from eve_meta.tree import Directory, Entry, walk
from eve_meta.vm import VM

_OPENSTACK = "openstack"
_NOCLOUD = "nocloud"
EC2 = "ec2"

_FORMATS = {_OPENSTACK: openstack, _NOCLOUD: nocloud, EC2: ec2}
_NAMES = dict.fromkeys((*VERSIONS, LATEST, *_FORMATS))


def root(vm: VM) -> Directory:
    """The whole tree: EC2 versions, and unlisted the other trees and a second way to the EC2 tree."""
    return Directory(_NAMES, partial(_entry, vm))


def paths(vm: VM) -> Iterator[str]:
    """Every path that answers, depth first, EC2 before the others; without the second way to the EC2 tree."""
    trees = {_OPENSTACK: openstack(vm), _NOCLOUD: nocloud(vm)}
    return chain(walk(ec2(vm)), *(walk(tree, f"/{name}") for name, tree in trees.items()))


def _entry(vm: VM, name: str) -> Entry | None:
    make = _FORMATS.get(name)
    return Entry(None, partial(make, vm)) if make else ec2(vm).get(name)
