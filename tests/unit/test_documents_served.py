"""What holds of the tree of every document."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from eve_meta.answer import Answer, Metadata, Request, answer, paths
from eve_meta.canonical import canonical
from eve_meta.document import parse
from eve_meta.formats import ec2, openstack
from tests.fuzz.documents import DOCUMENTS

VERSIONS = st.sampled_from(["/latest", *(f"/{version}" for version in ec2.VERSIONS)]) | st.sampled_from(
    [f"/openstack/{version}" for version in ("latest", *openstack.VERSIONS)] + ["/nocloud", "/eve"]
)

UNLISTED = {
    *(f"/openstack/{version}/network_data.json" for version in openstack.VERSIONS if version < "2015-10-15"),
    "/2009-04-04/dynamic",
    "/2009-04-04/dynamic/instance-identity",
    "/2009-04-04/dynamic/instance-identity/document",
}
"""Served where no listing tells of it: the first by nova, the others by AWS."""


def get(metadata: Metadata, path: str) -> Answer:
    return answer(metadata, Request(b"GET", path.encode(), {}), 0, bytes)


def served(metadata: Metadata, version: str) -> set[str]:
    return {path for path in paths(metadata) if path == version or path.startswith(f"{version}/")}


def crawled(metadata: Metadata, version: str) -> Iterator[str]:
    """The paths that a client finds by reading listings, as cloud-init does."""
    if version.startswith("/openstack/"):
        yield version
        yield from (f"{version}/{name}" for name in get(metadata, version).body.decode().split("\n"))
    else:
        yield from directory(metadata, version)


def directory(metadata: Metadata, path: str) -> Iterator[str]:
    yield path
    for line in get(metadata, path).body.decode().split("\n"):
        if line.endswith("/"):
            yield from directory(metadata, f"{path}/{line[:-1]}")
        elif path.endswith("/public-keys"):
            yield from directory(metadata, f"{path}/{line.partition('=')[0]}")
        else:
            yield f"{path}/{line}"


@given(DOCUMENTS, VERSIONS)
@example(
    {"uuid": str(UUID(int=1)), "interfaces": [{"mac": "02:00:00:00:00:00", "addresses": [{"dhcp": 4}]}]},
    "/openstack/2012-08-10",
)
def test_closed(data: dict[str, Any], version: str) -> None:
    """What is listed is served, with and without a slash; what is served is listed, with a few exceptions."""
    metadata = Metadata(parse(data), bytes(32))
    there = served(metadata, version)

    assert there - UNLISTED == set(crawled(metadata, version))
    assert {200} == {get(metadata, path + slash).status for path in there for slash in ("", "/")}


@given(DOCUMENTS, VERSIONS, st.from_regex(r"[a-z0-9:.-]{1,9}", fullmatch=True))
def test_nothing_else(data: dict[str, Any], version: str, name: str) -> None:
    """Nothing is served below a path that is not listed there."""
    metadata = Metadata(parse(data), bytes(32))
    there = served(metadata, version)
    others = {f"{path}/x{name}" for path in there} - there

    assert {404} == {get(metadata, path).status for path in others}


@given(DOCUMENTS, st.data())
def test_no_other_path(data: dict[str, Any], drawn: st.DataObject) -> None:
    """Of all paths that can be made of known names, those are served that `paths` tells of, and no other."""
    metadata = Metadata(parse(data), bytes(32))
    known = set(paths(metadata))
    contents = {f"/openstack/content/{number:04}" for number in range(len(data.get("files", [])))}
    version = st.sampled_from(
        ["openstack/latest", "openstack", "latest", "2009-04-04", "1.0", "nocloud", "eve"]
    )
    names = st.sampled_from(sorted({name for path in known for name in path.split("/")} | {"ec2"}))
    path = "/".join(["", drawn.draw(version), *drawn.draw(st.lists(names, max_size=5))])
    path = "/" + "/".join(filter(None, path.split("/")))

    assert (path in known | contents) == (get(metadata, path).status == 200)


@given(DOCUMENTS)
def test_contents_are_found(data: dict[str, Any]) -> None:
    """Every file of meta_data.json is where that says."""
    metadata = Metadata(parse(data), bytes(32))
    files = json.loads(get(metadata, "/openstack/latest/meta_data.json").body).get("files", [])

    assert len(data.get("files", [])) == len(files)
    assert {200} >= {get(metadata, "/openstack" + file["content_path"]).status for file in files}


@given(DOCUMENTS, VERSIONS)
def test_json(data: dict[str, Any], version: str) -> None:
    """What is called JSON is JSON, of an object."""
    metadata = Metadata(parse(data), bytes(32))
    there = served(metadata, version)
    texts = [get(metadata, path).body for path in there if path.endswith((".json", "/document"))]

    assert {dict} >= {type(json.loads(text)) for text in texts}


@given(DOCUMENTS, VERSIONS)
def test_values_are_whole(data: dict[str, Any], version: str) -> None:
    """No EC2 value is empty but a tag's, and none ends in a line break."""
    metadata = Metadata(parse(data), bytes(32))
    there = [path for path in served(metadata, version) if "/meta-data" in path]

    assert not [path for path in there if get(metadata, path).body.endswith(b"\n")]
    assert not [path for path in there if not get(metadata, path).body and "/tags/instance/" not in path]


@given(DOCUMENTS)
def test_stored(data: dict[str, Any]) -> None:
    """A document that was stored means the same."""
    assert parse(data) == parse(json.loads(canonical(data)))
