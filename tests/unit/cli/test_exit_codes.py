"""How each verb ends, as docs/cli.md has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eve_meta.cli import VERBS
from tests.unit.cli.commands import ROOT, Agent, eve_meta, running_agent

UUID = "6f0d0d86-8a9d-4c0e-9f0b-3f4c9a2f3b01"
OTHER = "99999999-9999-4999-8999-999999999999"
ASKING = (
    ("attach", "tap0", "web.yaml"),
    ("update", "web.yaml"),
    ("list",),
    ("show", "tap0"),
    ("timeline", "tap0"),
    ("watch",),
    ("events",),
    ("reports", "tap0"),
    ("password", "tap0"),
    ("hook", "plain", "stop", OTHER),
    ("detach", "tap0"),
)
"""Verbs that ask the agent, in an order in which each of them can do it."""

ALONE = (
    ("render", "web.yaml"),
    ("import", "seed"),
    ("completion", "bash"),
    ("agent", "--check", "--config", "config.yaml"),
    ("check-config", "config.yaml"),
)
ON_A_KERNEL = ("doctor", "probe")
"""Verbs that are seen to end well in tests/integration."""

FAILING = (
    ("probe", "tap9"),
    ("doctor", "--run-dir", "none"),
    ("render", "none.yaml"),
    ("render", "web.yaml", "/nope"),
    ("import", "none"),
    ("agent", "--check", "--config", "none.yaml"),
    ("agent", "--check", "--limit", "speed=1"),
    ("check-config", "wrong.yaml"),
)
REFUSED = (
    ("attach", "tap9", "web.yaml"),
    ("attach", "tap0", "web.yaml", "tap9", "web.yaml"),
    ("attach", "tap0", "none.yaml"),
    ("update", "other.yaml"),
    ("detach", "a/b"),
    ("detach", "tap1", "a/b"),
    ("show", "tap9"),
    ("timeline", "tap9"),
    ("password", "tap9"),
    ("reports", "tap9"),
    ("reports", "tap0", "kubeconfig"),
    ("hook", "plain", "start", OTHER, "tap0"),
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where there are files for each of the verbs."""
    made = tmp_path_factory.mktemp("files")
    (made / "web.yaml").write_text(f"uuid: {UUID}\n")
    (made / "other.yaml").write_text(f"uuid: {OTHER}\n")
    (made / "config.yaml").write_text("log: json\n")
    (made / "wrong.yaml").write_text("log: xml\n")
    (made / "seed").mkdir()
    (made / "seed" / "meta-data").write_text(f"instance-id: {UUID}\n")
    (made / "seed" / "user-data").write_text("#cloud-config\n{}\n")
    return made


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent")) as agent:
        agent.port_comes("tap0", "tap1")
        yield agent


def asked(arguments: tuple[str, ...], run_dir: Path) -> list[str]:
    """A command line for the agent with a run directory."""
    return [arguments[0], "--run-dir", str(run_dir), *arguments[1:]]


def test_each_verb_is_here() -> None:
    assert set(VERBS) == {*ON_A_KERNEL, *(each[0] for each in (*ASKING, *ALONE))}


def test_each_verb_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    table = text.partition("## Exit codes")[2].partition("\n## ")[0]

    assert set(VERBS) == {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}


def test_done(agent: Agent, directory: Path) -> None:
    ran = {each: eve_meta(*asked(each, agent.run_dir), cwd=directory) for each in ASKING}

    assert dict.fromkeys(ASKING, 0) == {each: it.code for each, it in ran.items()}, ran


@pytest.mark.parametrize("arguments", ALONE, ids=" ".join)
def test_done_without_an_agent(directory: Path, arguments: tuple[str, ...]) -> None:
    assert 0 == eve_meta(*arguments, cwd=directory).code


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_refused(agent: Agent, directory: Path, arguments: tuple[str, ...]) -> None:
    assert 1 == eve_meta(*asked(arguments, agent.run_dir), cwd=directory).code


@pytest.mark.parametrize("arguments", FAILING, ids=" ".join)
def test_failed(directory: Path, arguments: tuple[str, ...]) -> None:
    assert 1 == eve_meta(*arguments, cwd=directory).code


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_no_agent(directory: Path, arguments: tuple[str, ...]) -> None:
    """The command says how to start one."""
    ran = eve_meta(*asked(arguments, directory / "none"), cwd=directory)

    assert (1, "") == (ran.code, ran.out)
    assert "the agent is not running" in ran.err
    assert "start it" in ran.err


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_usage(verb: str) -> None:
    assert 2 == eve_meta(verb, "--frob").code
