"""The EC2 tree: its versions with what each holds besides the metadata itself.

Source: nova `api/metadata/base.py` for 1.0 to 2009-04-04;
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html for the rest.
"""

from functools import partial

from eve_meta.formats.identity import identity_document
from eve_meta.formats.instance import instance_metadata
from eve_meta.formats.keys import Key, directory, keyed
from eve_meta.tree import OCTETS, Directory, Entry, Leaf
from eve_meta.vm import VM

VERSIONS = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-07-09",
    "2022-09-24",
    "2024-04-11",
)
"""Oldest first; they compare as text."""

LATEST = "latest"

_VERSIONS = {version: version for version in VERSIONS} | {LATEST: VERSIONS[-1]}


def ec2(vm: VM) -> Directory:
    """The tree below `/`."""
    return Directory(_VERSIONS, lambda name: Entry(name, partial(directory, _ROOT, vm, _VERSIONS[name])))


def _user_data(vm: VM, _version: str) -> Leaf | None:
    return None if vm.user_data is None else Leaf(vm.user_data, OCTETS)


def _dynamic(vm: VM, version: str) -> Directory:
    return directory(_DYNAMIC, vm, version)


def _instance_identity(vm: VM, version: str) -> Directory:
    return directory(_IDENTITY, vm, version)


_IDENTITY = keyed(Key("document", "2009-04-04", identity_document))
_DYNAMIC = keyed(Key("instance-identity", "2009-04-04", _instance_identity))
_ROOT = keyed(
    Key("dynamic", "2009-04-04", _dynamic, listed_since="2011-01-01"),
    Key("meta-data", "1.0", instance_metadata),
    Key("user-data", "1.0", _user_data),
)
"""AWS has `dynamic` since 2009-04-04; nova, whose last version that is, lists none."""
