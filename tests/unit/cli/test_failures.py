"""What users get wrong, each with its own line and exit code."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from eve_meta.cli import SECTIONS, VERBS
from eve_meta.cli.client import Client
from tests.unit.cli.commands import Ran, eve_meta, failed


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "web.yaml"
    path.write_text("uuid: 6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01\n")
    return path


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Something that is no agent, in the place of one."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        yield listener


class TestAgentNotRunning:
    def test_no_socket(self, tmp_path: Path, document: Path) -> None:
        message = (
            f"the agent is not running (there is no {tmp_path}/control.sock): "
            f"start it, as root, with 'eve-meta agent --run-dir {tmp_path}'"
        )
        for arguments in (["attach", "tap0", str(document)], ["detach", "tap0"], ["list"], ["show", "tap0"]):
            assert failed(message) == eve_meta(*arguments, "--run-dir", tmp_path)

    def test_nobody_listens(self, tmp_path: Path, listener: socket.socket) -> None:
        del listener
        ran = eve_meta("list", "--run-dir", tmp_path)

        assert 1 == ran.code
        assert f"the agent is not running (nobody listens on {tmp_path}/control.sock): start it" in ran.err

    def test_a_path_too_long(self, tmp_path: Path) -> None:
        ran = eve_meta("list", "--run-dir", tmp_path / ("d" * 100))

        assert 1 == ran.code
        assert "AF_UNIX path too long" in ran.err

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n{"])
    def test_gone_before_it_answered(self, tmp_path: Path, listener: socket.socket, answer: bytes) -> None:
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        ran = eve_meta("list", "--run-dir", tmp_path)
        server.join()

        message = "the agent went away before it had answered: see its log, and 'eve-meta list'"
        assert failed(message) == ran


class TestPermission:
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_the_socket_of_another_user(self, tmp_path: Path, listener: socket.socket) -> None:
        """As root drops to a user that cannot reach the socket."""
        listener.listen()
        (tmp_path / "control.sock").chmod(0o600)
        child = os.fork()
        if child == 0:
            os.setgid(65534)
            os.setuid(65534)
            os._exit(_exit_code_of_permission(tmp_path))

        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _exit_code_of_permission(run_dir: Path) -> int:
    try:
        Client(run_dir).list()
    except click.ClickException as error:
        return 0 if "may not speak to the agent" in error.message else 1
    return 2


class TestDocument:
    """Told by `render`, which reads documents itself; `attach` leaves that to the agent where it can."""

    def test_missing(self, tmp_path: Path) -> None:
        missing = tmp_path / "none.yaml"
        for arguments in (["attach", "tap0", str(missing)], ["render", str(missing)]):
            assert failed(f"{missing}: No such file or directory") == eve_meta(*arguments)

    def test_a_directory(self, tmp_path: Path) -> None:
        assert failed(f"{tmp_path}: Is a directory") == eve_meta("attach", "tap0", tmp_path)

    def test_not_utf8(self, document: Path) -> None:
        document.write_bytes(b"uuid: \xff\n")

        assert failed(f"{document}: is not UTF-8 text: see byte 6") == eve_meta("render", document)

    def test_not_yaml(self, document: Path) -> None:
        document.write_text("uuid: [\n")

        ran = eve_meta("render", document)

        assert 1 == ran.code
        assert ran.err.startswith(f"eve-meta: {document}: is not YAML: ")
        assert "line 2" in ran.err

    def test_not_yaml_on_standard_input(self) -> None:
        assert eve_meta("render", "-", stdin=b"{").err.startswith("eve-meta: standard input: is not YAML: ")

    def test_endless(self) -> None:
        """No more is read than may be sent."""
        assert failed("/dev/zero: is longer than 16777216 bytes") == eve_meta("attach", "tap0", "/dev/zero")

    def test_a_file_it_names_is_missing(self, document: Path) -> None:
        document.write_text(document.read_text() + "user_data: {file: init.sh}\n")

        ran = eve_meta("attach", "tap0", document)

        assert 1 == ran.code
        assert ran.err.startswith(f"eve-meta: {document}: user_data.file: ")
        assert "No such file" in ran.err

    def test_an_unknown_field(self, document: Path) -> None:
        document.write_text(document.read_text() + "hostnam: web\n")

        message = f"{document}: hostnam: unknown field; did you mean 'hostname'?"
        assert failed(message) == eve_meta("render", document)


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["attach"], "Missing argument 'INTERFACE' (see '{verb} --help')"),
            (["attach", "tap0"], "Missing argument 'DOCUMENT' (see '{verb} --help')"),
            (["show", ""], "Invalid value for 'INTERFACE': is empty (see '{verb} --help')"),
            (["xyzzy"], "No such command 'xyzzy' (see 'eve-meta --help')"),
            (["atach"], "No such command 'atach': did you mean 'attach'? (see 'eve-meta --help')"),
            (
                ["attach", "tap0", "x", "--wait", "-1"],
                "Invalid value for '--wait': -1 is not in the range 0<=x<=3600 (see '{verb} --help')",
            ),
            (
                ["agent", "--servers", "0"],
                "Invalid value for '--servers': 0 is not in the range x>=1 (see '{verb} --help')",
            ),
        ],
    )
    def test_is_told_in_one_line(self, arguments: list[str], message: str) -> None:
        told = message.format(verb=f"eve-meta {arguments[0]}")

        assert Ran(2, "", f"eve-meta: {told}\n") == eve_meta(*arguments)

    def test_nothing_asked(self) -> None:
        ran = eve_meta()

        assert (2, "") == (ran.code, ran.out)
        assert "Serve VMs:" in ran.err

    def test_a_setting_that_cannot_be(self, tmp_path: Path) -> None:
        ran = eve_meta("agent", "--run-dir", tmp_path / ("d" * 100))

        assert 1 == ran.code
        assert "is too long a path for a Unix socket in it" in ran.err

    @pytest.mark.parametrize("address", ["9188", "localhost:9188", "10.0.0.1:0", "[::1]:65536", "::1", ""])
    def test_an_address_for_metrics_that_is_none(self, address: str) -> None:
        ran = eve_meta("agent", "--metrics", address)

        assert 1 == ran.code
        message = f"eve-meta: metrics: {address} is no IP address and port like 127.0.0.1:9188"
        assert " ".join(message.split()) in ran.err

    def test_a_limit_that_there_is_not(self) -> None:
        ran = eve_meta("agent", "--limit", "speed=1")

        assert 1 == ran.code
        assert ran.err.startswith("eve-meta: limits.speed: there is none of this name")

    def test_an_option_that_does_not_exist(self) -> None:
        """In words that are click's, and differ from release to release."""
        ran = eve_meta("list", "--frob")

        assert (2, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
        assert "--frob" in ran.err


class TestHelp:
    @pytest.mark.parametrize("verb", VERBS)
    def test_each_verb_has_an_example(self, verb: str) -> None:
        ran = eve_meta(verb, "--help")

        assert (0, "") == (ran.code, ran.err)
        assert f"eve-meta {verb}" in ran.out.partition("Example")[2]

    def test_all_verbs_are_named(self) -> None:
        ran = eve_meta("--help")

        sections = ran.out.partition(f"{next(iter(SECTIONS))}:\n")[2].partition("Examples:")[0]
        lines = sections.splitlines()
        assert list(VERBS) == [line.split()[0] for line in lines if line.startswith("  ") and line.strip()]

    def test_version(self) -> None:
        ran = eve_meta("--version")

        assert 0 == ran.code
        assert ran.out.startswith("eve-meta ")
