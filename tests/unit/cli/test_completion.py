"""What a user's shell makes of a command that is half typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.commands import Agent, eve_meta, running_agent
from tests.unit.cli.shells import BASH, ZSH, Shell, completed, fish_completions

PORTS = ("tap0", "tap1")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent that has two interfaces."""
    with running_agent(tmp_path_factory.mktemp("agent")) as agent:
        agent.port_comes(*PORTS)
        for number, port in enumerate(PORTS):
            document = {"uuid": f"6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b0{number}"}
            stdin = json.dumps(document).encode()
            assert 0 == eve_meta("attach", port, "-", "--run-dir", agent.run_dir, stdin=stdin).code
        yield agent


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the user is: with a document and a directory."""
    (tmp_path / "web.yaml").touch()
    (tmp_path / "documents").mkdir()
    return tmp_path


@pytest.mark.parametrize("shell", [BASH, ZSH], ids=["bash", "zsh"])
@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("eve-meta det", "eve-meta detach"),
        ("eve-meta show --js", "eve-meta show --json"),
        ("eve-meta agent --log j", "eve-meta agent --log json"),
        ("eve-meta render we", "eve-meta render web.yaml"),
        ("eve-meta attach tap0 we", "eve-meta attach tap0 web.yaml"),
        ("eve-meta attach doc", "eve-meta attach documents"),
        ("eve-meta attach --run-dir doc", "eve-meta attach --run-dir documents"),
        ("eve-meta attach tap0 --seed we", "eve-meta attach tap0 --seed web.yaml"),
        ("eve-meta hook xe", "eve-meta hook xen"),
    ],
)
def test_completes(shell: Shell, line: str, whole: str, directory: Path) -> None:
    """Verbs, options, their values and files."""
    assert whole == completed(shell, line, directory).rstrip("/")


def test_attached_interfaces(agent: Agent, directory: Path) -> None:
    """Each that is attached is offered once."""
    begin = f"eve-meta detach --run-dir {agent.run_dir}"

    assert f"{begin} tap0 tap1" == completed(BASH, f"{begin} ", directory)
    assert f"{begin} tap1 tap0" == completed(BASH, f"{begin} tap1 ", directory)


def test_attached_interface_of_zsh(agent: Agent, directory: Path) -> None:
    begin = f"eve-meta show --run-dir {agent.run_dir}"

    assert f"{begin} tap" == completed(ZSH, f"{begin} ", directory)


def test_fish(agent: Agent, directory: Path) -> None:
    """It is given all, as it is typed at nothing."""
    begin = f"eve-meta timeline --run-dir {agent.run_dir}"

    assert ["detach"] == fish_completions("eve-meta det", directory)
    assert [*PORTS] == fish_completions(f"{begin} ", directory)
    assert ["web.yaml"] == fish_completions("eve-meta render we", directory)


def test_no_agent(directory: Path) -> None:
    """Nothing is offered then, nor told."""
    assert "eve-meta show --run-dir . t" == completed(BASH, "eve-meta show --run-dir . t", directory)


def test_unknown_shell() -> None:
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in eve_meta("completion", "tcsh").err
