"""The OpenStack tree: its versions with the files of each.

Source: nova `api/metadata/base.py`; https://docs.openstack.org/nova/latest/user/metadata.html
"""

from collections.abc import Callable
from functools import partial

from attrs import frozen

from eve_meta.formats.meta_data import meta_data
from eve_meta.formats.network_data import has_network_data, network_data
from eve_meta.formats.vendor_data import vendor_data, vendor_data2
from eve_meta.tree import OCTETS, Directory, Entry, Leaf, Node, Slot
from eve_meta.vm import VM

VERSIONS = (
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "2025-04-04",
)
"""Folsom to Epoxy, oldest first; they compare as text."""

LATEST = "latest"

_CONTENT = "content"
_CHILDREN = {version: version for version in VERSIONS} | {LATEST: VERSIONS[-1], _CONTENT: ""}


@frozen
class _File:
    """A file of a version.

    Attributes:
        since: the version that brought it, and its line in the listing.
        make: its content for a VM in a version.
        is_there: whether this VM has it.
        is_timeless: whether it answers in the versions before, too.
    """

    name: str
    since: str
    make: Callable[[VM, str], Node]
    is_there: Callable[[VM], bool] = lambda _: True
    is_timeless: bool = False


def openstack(vm: VM) -> Directory:
    """The tree below `/openstack`."""
    return Directory(_CHILDREN, partial(_child, vm))


def _child(vm: VM, name: str) -> Entry:
    if name == _CONTENT:
        return Entry(None, partial(_content, vm))
    return Entry(name, partial(_version, vm, _CHILDREN[name]))


def _version(vm: VM, version: str) -> Directory:
    return Directory(_FILES, lambda name: _entry(_FILES[name], vm, version))


def _entry(file: _File, vm: VM, version: str) -> Entry | None:
    is_listed = file.since <= version
    if not (is_listed or file.is_timeless) or not file.is_there(vm):
        return None
    return Entry(file.name if is_listed else None, partial(file.make, vm, version))


def _content(vm: VM) -> Directory:
    """The files of `meta_data.json`, by number; the directory itself is no path, as in nova."""
    files = {f"{number:04}": file for number, file in enumerate(vm.files)}
    return Directory(
        files, lambda name: Entry(name, partial(Leaf, files[name].content, OCTETS)), is_listed=False
    )


def _has_user_data(vm: VM) -> bool:
    return vm.user_data is not None


def _user_data(vm: VM, _version: str) -> Leaf:
    return Leaf(vm.user_data or b"", OCTETS)


def _password(_vm: VM, _version: str) -> Slot:
    return Slot()


_FILES = {
    file.name: file
    for file in (
        _File("meta_data.json", "2012-08-10", meta_data),
        _File("user_data", "2012-08-10", _user_data, _has_user_data),
        _File("password", "2013-04-04", _password),
        _File("vendor_data.json", "2013-10-17", vendor_data),
        _File("network_data.json", "2015-10-15", network_data, has_network_data, is_timeless=True),
        _File("vendor_data2.json", "2016-10-06", vendor_data2),
    )
}
"""In the order of nova's listing."""
