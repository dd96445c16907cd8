"""`eve-meta import`, which needs nobody, and `eve-meta attach --seed`."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from eve_meta.document import parse
from eve_meta.document.notation import load
from tests.support import EXAMPLE, need_programs
from tests.unit.cli.commands import Agent, Ran, eve_meta, failed, running_agent
from tests.unit.hooks.recorded import WEB, recorded
from tests.unit.imports.test_openstack import drive_of

MADE = "6f0d4d3a-5b8c-4c39-9d53-0a7f3f0b7c11"
SEED = {
    "meta-data": f"instance-id: {MADE}\nlocal-hostname: web\n".encode(),
    "user-data": b"#!/bin/sh\necho seeded\n",
}
SEEDED = {"uuid": MADE, "hostname": "web", "user_data": "#!/bin/sh\necho seeded\n"}
DRIVE = drive_of(EXAMPLE)
WITH_NAMES = [("-J", "-R"), ("-R",), ("-J",), ("-l", "-allow-lowercase", "-iso-level", "4")]


def written(directory: Path, files: dict[str, bytes]) -> Path:
    """The directory, with files."""
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def image(directory: Path, label: str, *options: str) -> Path:
    """An ISO 9660 image of a directory, beside it."""
    need_programs("genisoimage")
    path = directory.with_suffix(".iso")
    command = ["genisoimage", "-quiet", "-V", label, *options, "-o", str(path), str(directory)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def made(*arguments: str | Path) -> Any:
    """What a source makes, when nothing of it is lost."""
    ran = eve_meta("import", *arguments)
    assert (0, "") == (ran.code, ran.err)
    return load(ran.out.encode())


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return written(tmp_path / "seed", SEED)


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    return written(tmp_path / "drive", DRIVE)


class TestDirectory:
    def test_seed(self, seed: Path) -> None:
        assert SEEDED == made(seed)

    def test_drive(self, drive: Path) -> None:
        """Older versions, which tell the same, are passed by."""
        written(drive, {"openstack/2012-08-10/meta_data.json": b"", "ec2/2009-04-04/meta-data.json": b""})

        assert parse(made(drive)).files == parse(EXAMPLE).files

    def test_nova_s_files(self, tmp_path: Path) -> None:
        files = {name.removeprefix("openstack/latest/"): each for name, each in DRIVE.items()}
        del files["openstack/content/0000"], files["openstack/content/0001"]
        ran = eve_meta("import", written(tmp_path, files))

        assert "vendor_data" in load(ran.out.encode())  # type: ignore[operator]
        assert "note: meta_data.json: files[0].content_path: /content/0000 is not there" in ran.err

    def test_files_that_say_nothing(self, seed: Path) -> None:
        ran = eve_meta("import", written(seed, {f"README{number}": b"" for number in range(10)}))

        assert "eve-meta: note: README0: is no file that guests are told of: left out\n" in ran.err
        assert "eve-meta: note: and 2 more such files\n" in ran.err

    def test_a_name_that_commands_a_terminal(self, seed: Path) -> None:
        os.close(os.open(os.fsencode(seed) + b"/\x1b[2J\xff", os.O_CREAT))
        ran = eve_meta("import", seed)

        assert (0, "eve-meta: note: \\x1b[2J\\udcff: is no file that guests are told of: left out\n") == (
            ran.code,
            ran.err,
        )

    def test_neither(self, tmp_path: Path) -> None:
        ran = eve_meta("import", tmp_path)

        assert (1, "") == (ran.code, ran.out)
        assert (
            f"eve-meta: {tmp_path}: is neither a NoCloud seed nor a config drive: it has none of " in ran.err
        )

    def test_both(self, seed: Path) -> None:
        message = f"{seed}: is a NoCloud seed and a config drive: which of them counts is not told"
        assert failed(message) == eve_meta("import", written(seed, DRIVE))

    def test_links_are_not_followed(self, seed: Path, tmp_path: Path) -> None:
        """A stranger's drive may name a file of the host."""
        (tmp_path / "secret").write_text("secret")
        (seed / "vendor-data").symlink_to(tmp_path / "secret")

        message = f"{seed}: vendor-data: is a symbolic link, which is not followed"
        assert failed(message) == eve_meta("import", seed)

    def test_links_to_directories_are_not_followed(self, drive: Path) -> None:
        (drive / "openstack" / "content").rename(drive / "secret")
        (drive / "openstack" / "content").symlink_to(drive / "secret")

        ran = eve_meta("import", drive)

        assert "files" not in load(ran.out.encode())  # type: ignore[operator]
        assert "files[0].content_path: /content/0000 is not there" in ran.err

    def test_a_pipe(self, seed: Path) -> None:
        """Nobody waits for its other end."""
        os.mkfifo(seed / "network-config")

        assert failed(f"{seed}: network-config: is no regular file") == eve_meta("import", seed)

    def test_very_large(self, seed: Path) -> None:
        with (seed / "user-data").open("wb") as file:
            file.truncate(2**40)

        message = f"{seed}: user-data: with it there are more than 16777216 bytes"
        assert failed(message) == eve_meta("import", seed)

    def test_very_many(self, seed: Path) -> None:
        written(seed, {f"a{number}": b"" for number in range(4096)})

        assert failed(f"{seed}: holds more than 4096 files") == eve_meta("import", seed)


class TestImage:
    @pytest.mark.parametrize("options", WITH_NAMES)
    def test_seed(self, seed: Path, options: tuple[str, ...]) -> None:
        assert SEEDED == made(image(seed, "cidata", *options))

    @pytest.mark.parametrize("options", WITH_NAMES)
    def test_drive(self, drive: Path, options: tuple[str, ...]) -> None:
        assert made(drive) == made(image(drive, "config-2", *options))

    def test_links(self, seed: Path) -> None:
        (seed / "vendor-data").symlink_to("/etc/passwd")
        path = image(seed, "cidata", "-J", "-R")

        message = f"{path}: vendor-data: is a symbolic link, which is not followed"
        assert failed(message) == eve_meta("import", path)

    @pytest.mark.parametrize("place", [0x8000, 0x8010, 0x809E, 0x80A0, 0x8808, 0xB000])
    def test_damaged(self, seed: Path, place: int) -> None:
        """It makes a document, or an error in one line."""
        path = image(seed, "cidata", "-J", "-R")
        content = bytearray(path.read_bytes())
        content[place : place + 16] = b"\xff" * 16
        path.write_bytes(content)

        ran = eve_meta("import", path)

        assert 0 == ran.code or (1, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
        assert "Traceback" not in ran.err

    def test_cut_off(self, seed: Path) -> None:
        path = image(seed, "cidata", "-J", "-R")
        path.write_bytes(path.read_bytes()[:40000])

        ran = eve_meta("import", path)

        assert (1, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
        assert ran.err.startswith(f"eve-meta: {path}: is a damaged ISO 9660 image: ")

    def test_very_large(self, seed: Path) -> None:
        path = image(seed, "cidata", "-J", "-R")
        os.truncate(path, 2**40)

        message = f"{path}: is larger than 67108864 bytes: mount it and give the directory"
        assert failed(message) == eve_meta("import", path)

    def test_fat(self, tmp_path: Path) -> None:
        need_programs("mkfs.fat")
        path = tmp_path / "seed.img"
        subprocess.run(["mkfs.fat", "-n", "CIDATA", "-C", path, "1440"], check=True, capture_output=True)

        message = f"{path}: is a FAT image: mount it (mount -o ro,loop …) and give the directory"
        assert failed(message) == eve_meta("import", path)


class TestFile:
    def test_domain(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"web.xml": recorded("web", "start")}) / "web.xml"

        assert (str(WEB), "web.example.org") == (made(path)["uuid"], made(path)["hostname"])

    def test_domain_on_standard_input(self) -> None:
        ran = eve_meta("import", "-", stdin=recorded("web", "start"))

        assert (0, "") == (ran.code, ran.err)
        assert f"uuid: {WEB}\n" in ran.out

    def test_a_file_that_a_domain_s_document_names(self, tmp_path: Path) -> None:
        xml = recorded("web", "start").replace(
            b"hostname: web.example.org", b"files: [{path: /a, file: motd}]"
        )
        path = written(tmp_path, {"web.xml": xml, "motd": b"hello"}) / "web.xml"

        assert [{"path": "/a", "base64": "aGVsbG8="}] == made(path)["files"]

    def test_meta_data(self, drive: Path) -> None:
        """What is beside it counts, too."""
        document = made(drive)
        ran = eve_meta("import", drive / "openstack/latest/meta_data.json")

        assert 0 == ran.code
        assert {name: it for name, it in document.items() if name != "files"} == load(ran.out.encode())

    def test_meta_data_and_network_data(self, drive: Path, tmp_path: Path) -> None:
        latest = drive / "openstack/latest"
        pair = [tmp_path / "a.json", tmp_path / "b.json"]
        (latest / "meta_data.json").rename(pair[0])
        (latest / "network_data.json").rename(pair[1])

        assert "interfaces" in eve_meta("import", *pair).out
        assert "interfaces" not in eve_meta("import", pair[0]).out

    def test_unknown(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"x": b"QFI\xfb"}) / "x"

        message = "is neither a directory, an ISO 9660 image, a domain in libvirt's XML nor meta_data.json"
        assert failed(f"{path}: {message}") == eve_meta("import", path)

    def test_missing(self) -> None:
        assert failed("/nope: No such file or directory") == eve_meta("import", "/nope")

    def test_endless(self) -> None:
        assert 1 == eve_meta("import", "/dev/zero").code


class TestUsage:
    def test_json(self, seed: Path) -> None:
        assert SEEDED == json.loads(eve_meta("import", seed, "--json").out)

    def test_uuid(self, seed: Path) -> None:
        ran = eve_meta("import", seed, "--uuid", str(UUID(int=1)))

        assert (0, f"uuid: {UUID(int=1)}") == (ran.code, ran.out.partition("\n")[0])
        assert ran.err.startswith(f"eve-meta: note: meta-data: instance-id: was '{MADE}' and becomes ")

    @pytest.mark.parametrize("second", ["x", "-"])
    def test_a_second_file_too_many(self, seed: Path, second: str) -> None:
        ran = eve_meta("import", seed, second)

        assert (2, "") == (ran.code, ran.out)
        assert "a second file goes with meta_data.json alone" in ran.err

    def test_what_only_attach_takes(self, seed: Path) -> None:
        """A document may be longer than its text in YAML."""
        (seed / "user-data").write_bytes(b"\xff" * 4_000_000)

        ran = eve_meta("import", seed)

        assert (1, "") == (ran.code, ran.out)
        assert "makes a document of more than 4194304 bytes: give it to 'eve-meta attach --seed'" in ran.err

    def test_what_a_document_cannot_be(self, drive: Path) -> None:
        """The field is named."""
        devices = b'{"uuid": "%s", "devices": [{"type": "disk"}]}' % MADE.encode()
        written(drive, {"openstack/latest/meta_data.json": devices})

        assert failed(f"{drive}: devices[0].bus: is required") == eve_meta("import", drive)

    def test_what_is_printed_is_rendered(self, seed: Path) -> None:
        document = eve_meta("import", seed).out.encode()

        assert "web" == eve_meta("render", "-", "/latest/meta-data/hostname", stdin=document).out


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent")) as agent:
        agent.port_comes("tap0")
        yield agent


class TestAttach:
    def stored(self, agent: Agent) -> Any:
        (path,) = agent.stored.glob("*.json")
        return json.loads(path.read_text())["document"]

    def test_directory(self, agent: Agent, seed: Path) -> None:
        ran = eve_meta("attach", "tap0", "--seed", seed, "--run-dir", agent.run_dir)

        assert (0, "") == (ran.code, ran.err)
        assert ran.out.startswith(f"tap0: attached (uuid {MADE}, revision ")
        assert SEEDED == self.stored(agent)

    def test_image_with_a_uuid(self, agent: Agent, seed: Path) -> None:
        """What is lost is told, and it is served."""
        uuid = "99999999-9999-4999-8999-999999999999"
        path = image(seed, "cidata", "-J", "-R")
        ran = eve_meta("attach", "tap0", "--seed", path, "--uuid", uuid, "--run-dir", agent.run_dir, "--json")

        assert (0, uuid) == (ran.code, json.loads(ran.out)["uuid"])
        assert ran.err.startswith("eve-meta: note: meta-data: instance-id: was ")
        assert {**SEEDED, "uuid": uuid} == self.stored(agent)

    def test_more_than_a_document_in_yaml(self, agent: Agent, seed: Path) -> None:
        (seed / "user-data").write_bytes(b"\xff" * 4_000_000)

        assert 0 == eve_meta("attach", "tap0", "--seed", seed, "--run-dir", agent.run_dir).code

    def test_what_is_no_seed(self, agent: Agent, tmp_path: Path) -> None:
        ran = eve_meta("attach", "tap0", "--seed", tmp_path, "--run-dir", agent.run_dir)

        assert (1, "") == (ran.code, ran.out)
        assert f"eve-meta: {tmp_path}: is neither a NoCloud seed nor a config drive" in ran.err

    def test_no_such_interface(self, agent: Agent, seed: Path) -> None:
        assert failed("there is no interface 'tap9' on this host (see 'ip link')") == eve_meta(
            "attach", "tap9", "--seed", seed, "--run-dir", agent.run_dir
        )

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["tap0", "x", "--seed", "y"], "--seed stands instead of DOCUMENT: name one INTERFACE beside it"),
            (["--seed", "y"], "--seed stands instead of DOCUMENT: name one INTERFACE beside it"),
            (["", "--seed", "y"], "Invalid value for 'INTERFACE': is empty"),
            (["tap0", "x", "--uuid", MADE], "--uuid goes with --seed: a document says its uuid itself"),
        ],
    )
    def test_usage(self, arguments: list[str], message: str) -> None:
        told = f"eve-meta: {message} (see 'eve-meta attach --help')\n"
        assert Ran(2, "", told) == eve_meta("attach", *arguments)
