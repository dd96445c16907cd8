"""NoCloud seeds: who the guest is, and its user data. Their networks are in test_network_config.py."""

import gzip
from base64 import b64encode
from uuid import UUID

import pytest

from eve_meta.document import parse
from eve_meta.imports.nocloud import nocloud
from eve_meta.imports.place import Files, SourceError

MADE = "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"
NAMED = f"instance-id: {MADE}\n".encode()
ALICE, BOB = "ssh-ed25519 AAAA alice", "ssh-rsa BBBB bob"
ZIPPED = gzip.compress(b"#!/bin/sh\n", mtime=0)


def seed(meta_data: str = "", **files: bytes) -> dict[str, bytes]:
    """A seed with an instance's uuid."""
    others = {name.replace("_", "-"): content for name, content in files.items()}
    return {"meta-data": NAMED + meta_data.encode(), **others}


def document_of(files: Files) -> dict[str, object]:
    """What a seed makes, when nothing of it is lost, and is not its uuid."""
    made = nocloud(files)
    assert () == made.notes
    assert parse(made.document)
    assert MADE == made.document.pop("uuid")
    return made.document


@pytest.mark.parametrize(
    ("files", "document"),
    [
        (seed(), {}),
        (seed("local-hostname: web\n"), {"hostname": "web"}),
        (seed("hostname: web.example.org\n"), {"hostname": "web.example.org"}),
        (seed("local-hostname: web\nhostname: web\n"), {"hostname": "web"}),
        (seed("local-hostname:\n"), {}),
        (
            {"meta-data": b'{"instance-id": "%s", "local-hostname": "web"}' % MADE.encode()},
            {"hostname": "web"},
        ),
        (seed(user_data=b""), {}),
        (seed(user_data="#cloud-config\n# é\n".encode()), {"user_data": "#cloud-config\n# é\n"}),
        (seed(user_data=ZIPPED), {"user_data": {"base64": b64encode(ZIPPED).decode()}}),
        (seed(user_data=b"a\r\n"), {"user_data": {"base64": "YQ0K"}}),
        (seed(vendor_data=b"#!/bin/sh\n"), {"vendor_data": {"cloud-init": "#!/bin/sh\n"}}),
        (seed(network_config=b""), {}),
        (seed(network_config=b"network: {}"), {}),
    ],
)
def test_seed(files: Files, document: dict[str, object]) -> None:
    assert document == document_of(files)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (ALICE, {"key": ALICE}),
        (f"|\n  {ALICE}\n\n  # old\n  {BOB}\n", {"key": ALICE, "key-2": BOB}),
        (f"\n- {ALICE}\n- {BOB}\n", {"key": ALICE, "key-2": BOB}),
        (f"{{alice: {ALICE}, bob: [{BOB}, '']}}", {"alice": ALICE, "bob": BOB}),
        (f"{{alice: [{ALICE}, {BOB}]}}", {"alice": ALICE, "alice-2": BOB}),
        (f"{{a: [{ALICE}, {BOB}], a-2: {BOB}}}", {"a": ALICE, "a-2": BOB, "a-2-2": BOB}),
    ],
)
def test_public_keys(keys: str, expected: dict[str, str]) -> None:
    """In all shapes that cloud-init takes."""
    assert {"public_keys": expected} == document_of(seed(f"public-keys: {keys}"))


def test_no_public_keys() -> None:
    assert {} == document_of(seed("public-keys: []"))


def test_an_instance_that_has_no_uuid() -> None:
    """It gets the same on every host, for ever."""
    made = nocloud({"meta-data": b"instance-id: iid-local01"})

    assert {"uuid": "71da9a5d-184a-5ff2-8801-291a296d3bf6"} == made.document
    (note,) = made.notes
    assert note.startswith("meta-data: instance-id: was 'iid-local01' and becomes 71da9a5d-")


@pytest.mark.parametrize("name", ["iid-local01", "5", "0x1f", MADE.upper()])
def test_a_uuid_that_is_given(name: str) -> None:
    uuid = UUID(int=1)
    made = nocloud({"meta-data": f"instance-id: {name}".encode()}, uuid)

    assert {"uuid": str(uuid)} == made.document
    assert 1 == len(made.notes)


def test_no_instance_id() -> None:
    """The uuid that is given is enough."""
    assert {"uuid": MADE} == nocloud({"meta-data": b""}, UUID(MADE)).document


@pytest.mark.parametrize(
    ("files", "note"),
    [
        (seed("dsmode: net\n"), "meta-data: dsmode: has no place in a document: left out"),
        (
            seed("local-hostname: a\nhostname: b\n"),
            "meta-data: hostname: has no place in a document: left out",
        ),
        (
            seed("network-interfaces: |\n  auto eth0\n"),
            "meta-data: network-interfaces: has no place in a document",
        ),
        (seed(vendor_data=b"\xff"), "vendor-data: is no UTF-8 text"),
        (
            seed(network_config=b"network: {config: disabled}"),
            "network-config: network.config: a document cannot",
        ),
    ],
)
def test_what_is_lost_is_told(files: Files, note: str) -> None:
    (told,) = nocloud(files).notes

    assert told.startswith(note)


def test_what_a_key_of_a_seed_does_to_a_terminal() -> None:
    (told,) = nocloud(seed('"\\e[2J": 1\n')).notes

    assert r"meta-data: \x1b[2J: has no place in a document: left out" == told


def test_very_many_notes() -> None:
    notes = nocloud(seed("".join(f"a{number}: 1\n" for number in range(1000)))).notes

    assert (65, "and 936 more of such notes") == (len(notes), notes[-1])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"meta-data": b""}, "meta-data: instance-id: is not there, so give the VM's SMBIOS UUID by --uuid"),
        ({"meta-data": b"instance-id: [x]"}, "meta-data: instance-id: expected text, got a list"),
        ({"meta-data": b"instance-id: true"}, "meta-data: instance-id: expected text, got the boolean true"),
        ({"meta-data": b"- x"}, "meta-data: expected a mapping, got a list"),
        ({"meta-data": b"a: [\n"}, "meta-data: is not YAML: "),
        ({"meta-data": b"a: 1\na: 2\n"}, "meta-data: is not YAML: the key 'a' is twice"),
        ({"meta-data": b"a: &a [*a]"}, "meta-data: a: is nested deeper than 32 levels"),
        (
            seed("local-hostname: my_host\n"),
            "meta-data: local-hostname: 'my_host' is no label of a host name",
        ),
        (
            seed("public-keys: 5\n"),
            "meta-data: public-keys: expected a key or a list of keys, got the number 5",
        ),
        (seed("public-keys: {a: {b: c}}\n"), "meta-data: public-keys.a: expected a key or a list of keys"),
        (seed("public-keys: [[x]]\n"), "meta-data: public-keys: expected text, got a list"),
        (seed("public-keys: {a=b: x}\n"), "meta-data: public-keys.a=b: a key's name must be without '='"),
        (seed(network_config=b"\xff"), "network-config: is not UTF-8 text: see byte 0"),
    ],
)
def test_what_is_wrong_is_named(files: Files, message: str) -> None:
    with pytest.raises(SourceError) as raised:
        nocloud(files)

    assert str(raised.value).startswith(message)
