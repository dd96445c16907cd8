"""Which kind of source a number of files are, and which of the files it is made of."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from uuid import UUID

from attrs import frozen

from eve_meta.imports import nocloud, openstack
from eve_meta.imports.place import Files, Imported, SourceError

_CONTENT = re.compile(r"openstack/content/[^/]+")
_OLDER = re.compile(r"(openstack|ec2)/[^/]+/[^/]+")
"""The same in the words of older versions."""


@frozen
class Kind:
    """A kind of source.

    Attributes:
        name: in a message.
        mark: the file that a source of this kind has.
        read: makes a document of the files that are wanted.
        is_wanted: whether a file is one of them.
        is_known: whether a file that is not wanted says nothing new.
    """

    name: str
    mark: str
    read: Callable[[Files, UUID | None], Imported]
    is_wanted: Callable[[str], bool]
    is_known: Callable[[str], bool] = lambda _: False


def _is_on_config_drive(name: str) -> bool:
    listed = {openstack.LATEST + each for each in openstack.NAMES} | {openstack.EC2}
    return name in listed or bool(_CONTENT.fullmatch(name))


KINDS = (
    Kind("NoCloud seed", nocloud.META_DATA, nocloud.nocloud, nocloud.NAMES.__contains__),
    Kind(
        "config drive",
        openstack.LATEST + openstack.META_DATA,
        openstack.openstack,
        _is_on_config_drive,
        lambda name: bool(_OLDER.fullmatch(name)),
    ),
    Kind(
        "directory of nova's files",
        openstack.META_DATA,
        partial(openstack.openstack, directory=""),
        openstack.NAMES.__contains__,
    ),
)


def kind_of(names: Iterable[str]) -> Kind:
    """The kind that files of these names are of.

    Raises:
        SourceError: of none, or of two.
    """
    there = frozenset(names)
    found = [kind for kind in KINDS if kind.mark in there]
    if len(found) == 1:
        return found[0]
    if not found:
        marks = ", ".join(kind.mark for kind in KINDS)
        raise SourceError("", "", f"is neither a NoCloud seed nor a config drive: it has none of {marks}")
    both = " and a ".join(kind.name for kind in found)
    raise SourceError("", "", f"is a {both}: which of them counts is not told")
