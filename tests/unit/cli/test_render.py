"""`eve-meta render`, which needs nobody."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.cli.commands import ENVIRONMENT, PYTHON, eve_meta, failed

UUID = "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "web.yaml"
    path.write_text(
        f"uuid: {UUID}\nname: web\nuser_data: {{base64: H4sIAA==}}\nservice: {{tokens: required}}\n"
    )
    return path


def test_all_paths(document: Path) -> None:
    paths = eve_meta("render", document).out.splitlines()

    assert {"/openstack/latest/meta_data.json", "/latest/meta-data/instance-id"} <= set(paths)


def test_all_paths_for_programs(document: Path) -> None:
    assert eve_meta("render", document).out.splitlines() == json.loads(
        eve_meta("render", document, "--json").out
    )
    assert 2 == eve_meta("render", document, "/latest/user-data", "--json").code


def test_a_path(document: Path) -> None:
    """With a slash before it or not; a VM that wants tokens is shown as to a guest with one."""
    for path in ("/openstack/latest/meta_data.json", "openstack/latest/meta_data.json"):
        assert UUID == json.loads(eve_meta("render", document, path).out)["uuid"]


def test_bytes_come_as_they_are(document: Path) -> None:
    command = [*PYTHON, "-m", "eve_meta", "render", str(document), "/latest/user-data"]

    assert (
        b"\x1f\x8b\x08\x00"
        == subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=True).stdout
    )


def test_a_path_that_leads_nowhere(document: Path) -> None:
    message = f"/nope: a guest is answered 404 Not Found (see 'eve-meta render {document}' for all paths)"
    assert failed(message) == eve_meta("render", document, "/nope")


def test_standard_input() -> None:
    assert f"{UUID}\n" != eve_meta("render", "-", "/latest/meta-data/instance-id", stdin=b"uuid: x").out
    assert 0 == eve_meta("render", "-", "/latest/meta-data/instance-id", stdin=f"uuid: {UUID}".encode()).code
